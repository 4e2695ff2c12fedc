"""Asking models many questions: each once, a few at a time, and no answer that was paid for is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ftplan.core.comparing.questions import Answer, question_key
from ftplan.core.ports import Answers, Clock
from ftplan.core.stores import AnswerStore
from ftplan.engine.context import GIVE_UP_SECONDS, SHORTEST_PAUSE_SECONDS
from ftplan.engine.crew import Crew
from ftplan.engine.inquiry import Asked, Gone, Inquiry
from ftplan.errors import FtplanError, Interrupted, NotAllowed, Problem, ProviderError, Unreachable

LONGEST_PAUSE_SECONDS = 60.0
# Services know a tuned model only some minutes after it was made.
MISSING_SECONDS = 300.0
# Who waits that long wonders why.
PATIENT_SECONDS = 10.0
# How long the one who asks is deaf to a signal, and to what other threads bring.
TURN_SECONDS = 0.1
MOST_PROBLEMS = 5
# A question whose answer got lost may have been paid for: it is sent once more, and then no more.
MOST_SENT = 2


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks. `accounts` say at which service a provider is, by its name; up to `width` questions are under way at
    once. `stop` names the signal that asked to leave; `tell` hears how far it has gone, `waits` why it takes so long,
    and `paid` of each answer that was not kept before."""

    providers: Mapping[str, Answers]
    accounts: Mapping[str, str]
    store: AnswerStore
    clock: Clock
    stop: Callable[[], str | None] = lambda: None
    tell: Callable[[Gone], None] = lambda gone: None
    waits: Callable[[Problem], None] = lambda problem: None
    paid: Callable[[Asked, Answer], None] = lambda asked, answer: None
    width: int = 8

    def inquiry(self, asked: Sequence[Asked]) -> Inquiry:
        """The questions, ready to be asked."""
        return Inquiry(tuple(asked), tuple(question_key(self.accounts[one.provider], one.question) for one in asked))

    def kept(self, inquiry: Inquiry) -> list[Answer | None]:
        """What is answered already, in the order of the questions."""
        known = self.store.kept_answers(inquiry.keys)
        return [known.get(key) for key in inquiry.keys]

    def unasked(self, inquiry: Inquiry) -> list[bool]:
        """Which questions are to be asked: not those that are answered already, nor one a second time."""
        known = set(self.store.kept_answers(inquiry.keys))
        found = []
        for key in inquiry.keys:
            found.append(key not in known)
            known.add(key)
        return found

    def answers(self, inquiry: Inquiry) -> list[Answer]:
        """Every answer, in the order of the questions; each is kept the moment it comes. Raises `Interrupted` where a
        signal came first, else what went wrong with whatever was refused, once all the rest is answered."""
        known = self._answered(inquiry, len(inquiry.keys))
        return [known[key] for key in inquiry.keys]

    def some_answers(self, inquiry: Inquiry, most: int) -> list[Answer] | None:
        """The same once every question is answered; None while some are left, after `most` more were answered."""
        known = self._answered(inquiry, most)
        return [known[key] for key in inquiry.keys] if known.keys() >= set(inquiry.keys) else None

    def _answered(self, inquiry: Inquiry, most: int) -> Mapping[str, Answer]:
        """What is answered, by the keys of the questions, once up to `most` were asked that were not."""
        questions = dict(zip(inquiry.keys, inquiry.asked, strict=True))
        known = dict(self.store.kept_answers(inquiry.keys))
        unasked = [key for key in questions if key not in known]
        _Round(self, {key: questions[key] for key in unasked[:most]}, known, len(questions)).go()
        return known


@dataclass(slots=True)
class _Round:
    """The asking of `questions`, which are not known yet, of `total` in all. `pause` doubles while services do not
    answer, and nobody is asked before `not_before`: a service that is busy is busy for all."""

    asking: Asking
    questions: Mapping[str, Asked]
    known: dict[str, Answer]
    total: int
    waiting: list[str] = field(default_factory=list)
    flying: int = 0
    width: int = 1
    pause: float = SHORTEST_PAUSE_SECONDS
    not_before: float = 0.0
    failing_since: float | None = None
    has_told: bool = False
    lost: Counter[str] = field(default_factory=Counter)
    refused: list[ProviderError] = field(default_factory=list)
    fatal: ProviderError | None = None
    gone: Gone = field(default_factory=lambda: Gone(0, 0, 0))

    def go(self) -> None:
        kept = len(self.known)
        self.gone = Gone(kept, self.total, kept)
        self.asking.tell(self.gone)
        if not self.questions:
            return
        self.waiting, self.width = list(self.questions), self.asking.width
        crew: Crew[str, Answer] = Crew(min(self.asking.width, len(self.questions)))
        try:
            while self.flying or (self.waiting and not self._is_pointless()):
                self._turn(crew)
        finally:
            crew.dismiss()
        self._conclude()

    def _turn(self, crew: Crew[str, Answer]) -> None:
        """Sends what may be sent, and takes in what has come."""
        clock = self.asking.clock
        stopped = self.asking.stop() is not None
        if stopped and not self.flying:
            raise Interrupted(self._left())
        ready = clock.monotonic() >= self.not_before and not stopped and not self._is_pointless()
        if ready:
            self._send_some(crew)
        if not self.flying:
            # Nothing is under way where all are to wait, or where somebody else asks all that is left.
            clock.sleep(max(TURN_SECONDS if ready else 0.0, self.not_before - clock.monotonic()))
            return
        came = crew.next(TURN_SECONDS)
        if came is not None:
            self.flying -= 1
            self._take(*came)

    def _send_some(self, crew: Crew[str, Answer]) -> None:
        """Sends as many as may be under way, each but those that another process asks just now."""
        for key in tuple(self.waiting):
            if self.flying >= self.width:
                return
            if self.asking.store.claim(key):
                self.waiting.remove(key)
                self._send(crew, key)

    def _send(self, crew: Crew[str, Answer], key: str) -> None:
        # Another process may have asked it since this one looked.
        found = self.asking.store.kept_answers([key]).get(key)
        if found is not None:
            self.asking.store.release(key)
            self._take_in(key, found)
            return
        one = self.questions[key]
        provider = self.asking.providers[one.provider]
        crew.give(key, lambda: provider.answer(one.question))
        self.flying += 1

    def _take(self, key: str, came: Answer | Exception) -> None:
        if not isinstance(came, Answer):
            self.asking.store.release(key)
        match came:
            case Answer():
                self._keep(key, came)
            case NotAllowed():
                self.fatal = came
            case Unreachable() if came.may_be_paid and self._is_lost_for_good(key):
                self.refused.append(came)
            case Unreachable():
                self._wait(key, came)
            case ProviderError():
                self.refused.append(came)
            case _:
                raise came

    def _is_lost_for_good(self, key: str) -> bool:
        self.lost[key] += 1
        return self.lost[key] >= MOST_SENT

    def _keep(self, key: str, answer: Answer) -> None:
        self.asking.paid(self.questions[key], answer)
        self.asking.store.keep_answer(key, answer)
        self.asking.store.release(key)
        self.pause, self.failing_since, self.has_told = SHORTEST_PAUSE_SECONDS, None, False
        self.width = min(self.asking.width, self.width + 1)
        self._take_in(key, answer, paid=True)

    def _take_in(self, key: str, answer: Answer, *, paid: bool = False) -> None:
        self.known[key] = answer
        gone = self.gone
        self.gone = Gone(
            gone.done + 1,
            gone.total,
            gone.kept + (not paid),
            gone.prompt_tokens + (answer.prompt_tokens or 0 if paid else 0),
            gone.completion_tokens + (answer.completion_tokens or 0 if paid else 0),
        )
        self.asking.tell(self.gone)

    def _wait(self, key: str, error: Unreachable) -> None:
        """Later, and fewer at once; not any more where no question was answered for a quarter of an hour, or for some
        minutes where the model is not there."""
        now = self.asking.clock.monotonic()
        self.failing_since = now if self.failing_since is None else self.failing_since
        self.waiting.insert(0, key)
        if now - self.failing_since > (MISSING_SECONDS if error.is_missing else GIVE_UP_SECONDS):
            self.fatal = error
            return
        if now - self.failing_since > PATIENT_SECONDS and not self.has_told:
            self.has_told = True
            self.asking.waits(error.problems[0])
        self.width = max(1, self.width // 2)
        wanted = self.pause if error.retry_after is None else error.retry_after
        self.not_before = max(self.not_before, now + min(max(wanted, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))
        self.pause = min(LONGEST_PAUSE_SECONDS, self.pause * 2)

    def _is_pointless(self) -> bool:
        """Whether the rest would fare no better. What is under way is waited for all the same: it is paid for."""
        return self.fatal is not None or (len(self.refused) >= MOST_PROBLEMS and self.gone.done == self.gone.kept)

    def _conclude(self) -> None:
        if self.fatal is not None:
            raise self.fatal
        if not self.refused:
            return
        problems = [problem for error in self.refused for problem in error.problems]
        more = len(problems) - MOST_PROBLEMS
        told = problems[:MOST_PROBLEMS]
        if more > 0 or self.waiting:
            rest = f"{more} more questions were refused" if more > 0 else ""
            unasked = f"{len(self.waiting)} were not asked any more" if self.waiting else ""
            told.append(Problem("Questions without an answer", f"{'; '.join(filter(None, (rest, unasked)))}."))
        raise FtplanError(told)

    def _left(self) -> Problem:
        detail = f"{self.gone.done} of {self.gone.total} questions are answered, and the answers are kept."
        return Problem("Interrupted", detail, advice="The next run asks the rest.")
