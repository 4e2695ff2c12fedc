"""Each question is paid for once, whatever happens on the way, and the answers come in the order of the questions."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftplan.core.comparing.questions import Answer, Question
from ftplan.engine.asking import Asking
from ftplan.engine.inquiry import Asked, Gone
from ftplan.errors import FtplanError, Interrupted, NotAllowed, Problem, Rejected, Unreachable
from ftplan.testing import StoppedClock


class Memory:
    """An `AnswerStore` that forgets nothing."""

    def __init__(self) -> None:
        self.held: dict[str, Answer] = {}
        self.claimed_by_others: set[str] = set()
        self.released: list[str] = []

    def kept_answers(self, keys: Sequence[str]) -> dict[str, Answer]:
        return {key: self.held[key] for key in keys if key in self.held}

    def claim(self, key: str) -> bool:
        return key not in self.claimed_by_others

    def release(self, key: str) -> None:
        self.released.append(key)

    def keep_answer(self, key: str, answer: Answer) -> None:
        self.held[key] = answer

    def troubles(self) -> list[Problem]:
        return []


class Model:
    """Answers a question with its own words, once it has `failed` as often as it is told to."""

    def __init__(self, fails: Callable[[str, int], Exception | None] = lambda text, time: None) -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.most_at_once = 0
        self._at_once = 0
        self._fails, self._lock = fails, threading.Lock()

    def answer(self, question: Question) -> Answer:
        text = str(question.messages[0]["content"])
        with self._lock:
            self.asked[text] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            failure = self._fails(text, self.asked[text])
        try:
            if failure is not None:
                raise failure
            self.answered[text] += 1
            return Answer(f"re: {text}", prompt_tokens=3, completion_tokens=2)
        finally:
            with self._lock:
                self._at_once -= 1


def asked(*texts: str, model: str = "m") -> list[Asked]:
    return [Asked("svc", Question(model, ({"role": "user", "content": text},))) for text in texts]


def asking(model: Model, store: Memory | None = None, **fields: object) -> Asking:
    given: dict[str, object] = {"clock": StoppedClock(), "store": store or Memory(), **fields}
    return Asking({"svc": model}, {"svc": "openai"}, **given)  # type: ignore[arg-type]


def answers(asks: Asking, questions: Sequence[Asked]) -> list[Answer]:
    return asks.answers(asks.inquiry(questions))


def unreachable(retry_after: float | None = None, *, is_missing: bool = False) -> Unreachable:
    error = Unreachable(Problem("busy"))
    error.retry_after, error.is_missing = retry_after, is_missing
    return error


@given(st.lists(st.text(max_size=3), max_size=30), st.integers(1, 5))
def test_the_answers_come_in_the_order_of_the_questions_and_each_is_asked_once(texts: list[str], width: int) -> None:
    model = Model()
    came = answers(asking(model, width=width), asked(*texts))
    assert [answer.text for answer in came] == [f"re: {text}" for text in texts]
    assert set(model.asked.values()) <= {1}
    assert model.most_at_once <= width


def test_what_was_answered_is_not_asked_again() -> None:
    store, model = Memory(), Model()
    answers(asking(model, store), asked("a", "b"))
    heard: list[Gone] = []
    came = answers(asking(model, store, tell=heard.append), asked("b", "c", "a"))
    assert [answer.text for answer in came] == ["re: b", "re: c", "re: a"]
    assert model.asked == {"a": 1, "b": 1, "c": 1}
    assert (heard[0], heard[-1]) == (Gone(2, 3, 2), Gone(3, 3, 2, 3, 2))


@given(st.lists(st.text(max_size=2), max_size=20), st.integers(1, 7))
def test_in_parts_everything_is_answered_as_at_once_and_each_part_asks_no_more_than_it_may(
    texts: list[str], most: int
) -> None:
    store, model, came, before = Memory(), Model(), None, 0
    while came is None:
        heard: list[Gone] = []
        asks = asking(model, store, tell=heard.append)
        came = asks.some_answers(asks.inquiry(asked(*texts)), most)
        assert sum(model.asked.values()) - before <= most
        assert {gone.total for gone in heard} == {len(set(texts))}
        assert came is not None or sum(model.asked.values()) > before
        before = sum(model.asked.values())
    assert [answer.text for answer in came] == [f"re: {text}" for text in texts]
    assert set(model.asked.values()) <= {1}


def test_what_is_asked_twice_is_to_be_paid_for_once() -> None:
    store = Memory()
    asks = asking(Model(), store)
    inquiry = asks.inquiry([*asked("a", "b", "a"), *asked("b", model="other")])
    assert asks.unasked(inquiry) == [True, True, False, True]
    asks.answers(inquiry)
    assert asks.unasked(inquiry) == [False] * 4


def test_another_model_or_another_parameter_is_another_question() -> None:
    store, model = Memory(), Model()
    messages = ({"role": "user", "content": "a"},)
    other = Asked("svc", Question("m", messages, parameters={"temperature": 1}))
    answers(asking(model, store), [*asked("a"), *asked("a", model="n"), other])
    assert (model.asked["a"], len(store.held)) == (3, 3)


def test_a_service_that_is_busy_is_asked_again_when_it_says_and_not_before() -> None:
    clock = StoppedClock()
    begun = clock.monotonic()
    model = Model(lambda text, time: unreachable(17.0) if time == 1 else None)
    answers(asking(model, clock=clock), asked("a"))
    assert model.asked["a"] == 2
    assert clock.monotonic() - begun >= 17.0


def test_a_service_that_is_busy_is_asked_fewer_at_once() -> None:
    model = Model(lambda text, time: unreachable() if time == 1 else None)
    came = answers(asking(model, width=4), asked(*"abcdefgh"))
    assert len(came) == 8
    assert set(model.answered.values()) == {1}


def test_pauses_grow_and_after_a_quarter_of_an_hour_it_is_given_up_with_all_that_came_kept() -> None:
    clock, store = StoppedClock(), Memory()
    begun = clock.monotonic()
    model = Model(lambda text, time: None if text == "a" else unreachable())
    with pytest.raises(Unreachable):
        answers(asking(model, store, clock=clock, width=1), asked("a", "b"))
    assert 900 < clock.monotonic() - begun < 1000
    assert model.asked["b"] < 40
    assert [answer.text for answer in store.held.values()] == ["re: a"]


def test_a_model_that_is_not_there_is_given_up_after_some_minutes_since_a_new_one_is_not_known_at_once() -> None:
    clock, model = StoppedClock(), Model(lambda text, time: unreachable(is_missing=True))
    begun = clock.monotonic()
    with pytest.raises(Unreachable):
        answers(asking(model, clock=clock), asked("a"))
    assert 300 < clock.monotonic() - begun < 400
    assert answers(asking(Model(lambda text, time: unreachable(is_missing=True) if time < 6 else None)), asked("a"))


def test_whoever_waits_long_is_told_why_once_and_again_when_it_is_so_again() -> None:
    told: list[Problem] = []
    fails = {"a": range(1, 9), "b": range(1, 9), "c": range(1, 2)}
    model = Model(lambda text, time: unreachable() if time in fails[text] else None)
    answers(asking(model, waits=told.append, width=1), asked("a", "b", "c"))
    assert [problem.summary for problem in told] == ["busy", "busy"]


def test_what_another_process_asks_just_now_is_waited_for_and_not_asked() -> None:
    store, model = Memory(), Model()
    other = asking(model, store)
    (key,) = other.inquiry(asked("b")).keys
    store.claimed_by_others.add(key)

    class Waiting(StoppedClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            # The other one has its answer, and lets go.
            store.held[key] = Answer("of another")
            store.claimed_by_others.clear()

    heard: list[Gone] = []
    came = answers(asking(model, store, clock=Waiting(), tell=heard.append), asked("a", "b", "c"))
    assert [answer.text for answer in came] == ["re: a", "of another", "re: c"]
    assert model.asked == {"a": 1, "c": 1}
    assert (heard[-1].done, heard[-1].kept) == (3, 1)


def test_what_was_claimed_is_released_whatever_came_of_it() -> None:
    store = Memory()
    model = Model(lambda text, time: Rejected(Problem("no")) if text == "b" else None)
    asks = asking(model, store)
    with pytest.raises(FtplanError):
        answers(asks, asked("a", "b"))
    assert set(store.released) == set(asks.inquiry(asked("a", "b")).keys)


def test_a_refused_question_does_not_stop_the_others_and_all_refusals_are_told() -> None:
    store = Memory()
    model = Model(lambda text, time: Rejected(Problem(f"no to {text}")) if text in "bd" else None)
    with pytest.raises(FtplanError) as caught:
        answers(asking(model, store), asked(*"abcde"))
    assert sorted(problem.summary for problem in caught.value.problems) == ["no to b", "no to d"]
    assert sorted(str(answer.text) for answer in store.held.values()) == ["re: a", "re: c", "re: e"]


def test_a_question_whose_answer_gets_lost_is_sent_twice_at_most_since_each_may_be_paid_for() -> None:
    def lost(text: str, time: int) -> Exception | None:
        error = unreachable()
        error.may_be_paid = True
        return error if text == "b" else None

    model, store = Model(lost), Memory()
    with pytest.raises(FtplanError) as caught:
        answers(asking(model, store), asked("a", "b", "c"))
    assert (model.asked, len(store.held), len(caught.value.problems)) == ({"a": 1, "b": 2, "c": 1}, 2, 1)


def test_where_everything_is_refused_not_everything_is_asked() -> None:
    model = Model(lambda text, time: Rejected(Problem("no")))
    with pytest.raises(FtplanError) as caught:
        answers(asking(model, width=1), asked(*(str(number) for number in range(100))))
    assert sum(model.asked.values()) == 5
    assert "95 were not asked any more" in caught.value.problems[-1].detail


def test_a_wrong_key_ends_it_at_once() -> None:
    model = Model(lambda text, time: NotAllowed(Problem("the key")))
    with pytest.raises(NotAllowed):
        answers(asking(model, width=1), asked(*"abc"))
    assert sum(model.asked.values()) == 1


def test_after_a_signal_nothing_more_is_asked_what_came_is_kept_and_the_next_run_asks_the_rest() -> None:
    store = Memory()
    model = Model()

    def stop() -> str | None:
        return "SIGINT" if len(store.held) >= 2 else None

    with pytest.raises(Interrupted, match="Interrupted") as caught:
        answers(asking(model, store, stop=stop, width=1), asked(*"abcde"))
    assert "2 of 5 questions are answered" in caught.value.problems[0].detail
    answers(asking(model, store), asked(*"abcde"))
    assert model.asked == Counter("abcde")


def test_what_is_under_way_when_it_ends_badly_is_waited_for_and_kept() -> None:
    together, store = threading.Barrier(2, timeout=10), Memory()

    class Slow(Model):
        def answer(self, question: Question) -> Answer:
            together.wait()
            return super().answer(question)

    model = Slow(lambda text, time: NotAllowed(Problem("the key")) if text == "a" else None)
    with pytest.raises(NotAllowed):
        answers(asking(model, store, width=2), asked("a", "b"))
    assert [answer.text for answer in store.held.values()] == ["re: b"]


def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    model = Model()
    assert answers(asking(model), []) == []
    assert not model.asked
