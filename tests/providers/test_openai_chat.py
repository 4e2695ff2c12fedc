"""Asking a model: one request a question, its answer as it came, and failures told apart by whether they may pass."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from wire_stub import CANARY, Resets, Says, Stub, error

from ftplan.cli.opening.logs import Log, logged
from ftplan.core.comparing.questions import Answer, Question
from ftplan.core.ports import Answers
from ftplan.errors import NotAllowed, ProviderError, Rejected, Unreachable
from ftplan.providers.catalog import load_catalog
from ftplan.providers.connection import Connection
from ftplan.providers.openai import OpenAIProvider

CHAT = "/chat/completions"
QUESTION = Question(
    "ft:m", ({"role": "user", "content": "Secret question?"},), parameters={"temperature": 0, "x_new": 1}
)


def completion(**message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "Fine.", **message}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    return {"choices": [{"message": said, "finish_reason": "stop"}], "usage": usage}


def test_an_answer_is_taken_as_it_came_with_what_is_billed(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", CHAT, Says(200, completion()))
    assert isinstance(provider, Answers)
    assert provider.answer(QUESTION) == Answer("Fine.", (), "stop", 9, 2, 4)
    (seen,) = stub.seen
    assert seen.json == {"model": "ft:m", "messages": [dict(QUESTION.messages[0])], "temperature": 0, "x_new": 1}


def test_calls_and_refusals_are_answers_too(stub: Stub, provider: OpenAIProvider) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    stub.tell(
        "POST",
        CHAT,
        Says(200, completion(content=None, tool_calls=[call])),
        Says(200, completion(content=None, refusal="No.")),
    )
    tools = ({"type": "function", "function": {"name": "f"}},)
    assert provider.answer(Question("m", QUESTION.messages, tools)).tool_calls == (call,)
    assert stub.seen[0].json["tools"] == list(tools)
    assert provider.answer(QUESTION).text == "No."


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "9", "completion_tokens": True}])
def test_counts_that_are_none_are_not_known(stub: Stub, provider: OpenAIProvider, usage: Any) -> None:
    stub.tell("POST", CHAT, Says(200, {**completion(), "usage": usage}))
    found = provider.answer(QUESTION)
    assert (found.prompt_tokens, found.completion_tokens, found.cached_tokens) == (None, None, None)


NESTED: Any = []
for _ in range(300):
    NESTED = [NESTED]
ODD: dict[str, tuple[dict[str, Any], Answer]] = {
    "parts": (
        completion(content=[{"type": "text", "text": "a"}, 1, {"text": "b"}]),
        Answer("a\nb", (), "stop", 9, 2, 4),
    ),
    "no text": (completion(content=[1]), Answer("", (), "stop", 9, 2, 4)),
    "half a character": (completion(content="x\ud83d"), Answer("x?", (), "stop", 9, 2, 4)),
    "calls": (completion(tool_calls=5), Answer("Fine.", (), "stop", 9, 2, 4)),
    "deep arguments": (
        completion(tool_calls=[{"function": {"name": "f", "arguments": NESTED}}, 7]),
        Answer(
            "Fine.",
            ({"id": "", "type": "function", "function": {"name": "f", "arguments": json.dumps(NESTED)}},),
            *("stop", 9, 2, 4),
        ),
    ),
    "usage": ({**completion(), "usage": [1]}, Answer("Fine.", (), "stop")),
    "more tokens than there are": (
        {**completion(), "usage": {"prompt_tokens": 10**40, "prompt_tokens_details": 3}},
        Answer("Fine.", (), "stop"),
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_an_answer_of_an_odd_shape_is_read_as_far_as_it_goes_since_it_was_paid_for(
    stub: Stub, provider: OpenAIProvider, what: str
) -> None:
    says, told = ODD[what]
    stub.tell("POST", CHAT, Says(200, says))
    assert provider.answer(QUESTION) == told


FAILURES: dict[str, tuple[Any, type[ProviderError]]] = {
    "busy": (error(429, "slower", code="rate_limit_exceeded", headers={"Retry-After": "7"}), Unreachable),
    "broken": (error(500, "oops"), Unreachable),
    "not ready yet": (error(404, "no such model", code="model_not_found"), Unreachable),
    "cut off": (Resets(), Unreachable),
    "a page": (Says(200, b"<html>proxy</html>"), Unreachable),
    "no choice": (Says(200, {"choices": []}), Rejected),
    "no message": (Says(200, {"choices": [{"message": "x"}]}), Rejected),
    "choices of another kind": (Says(200, {"choices": {"0": 1}}), Rejected),
    "a bad request": (error(400, "too long", code="context_length_exceeded"), Rejected),
    "no credit": (error(429, "pay", code="insufficient_quota"), Rejected),
    "a wrong key": (error(401, "who?", code="invalid_api_key"), NotAllowed),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_is_one_request_and_says_whether_it_may_pass(stub: Stub, provider: OpenAIProvider, what: str) -> None:
    says, kind = FAILURES[what]
    stub.tell("POST", CHAT, says)
    with pytest.raises(kind) as caught:
        provider.answer(QUESTION)
    assert type(caught.value) is kind
    assert len(stub.seen) == 1
    told = str([(problem.summary, problem.detail, problem.advice) for problem in caught.value.problems])
    assert CANARY not in told
    assert "Secret question" not in told
    if what == "busy":
        assert isinstance(caught.value, Unreachable)
        assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("what", "paid"),
    [("busy", False), ("broken", False), ("not ready yet", False), ("cut off", True), ("a page", True)],
)
def test_an_answer_that_got_lost_may_be_paid_for(stub: Stub, provider: OpenAIProvider, what: str, paid: bool) -> None:
    stub.tell("POST", CHAT, FAILURES[what][0])
    with pytest.raises(Unreachable) as caught:
        provider.answer(QUESTION)
    assert caught.value.may_be_paid is paid


def test_where_nobody_listens_nothing_was_paid(connect: Callable[..., Connection]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    provider = OpenAIProvider(connect(OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1"), load_catalog("openai"))
    with pytest.raises(Unreachable) as caught:
        provider.answer(QUESTION)
    assert caught.value.may_be_paid is False


def test_what_no_request_can_hold_is_refused_and_not_sent(stub: Stub, provider: OpenAIProvider) -> None:
    with pytest.raises(Rejected):
        provider.answer(Question("ft:x", ({"role": "user", "content": "half a character: \ud800"},)))
    assert stub.seen == []


@pytest.mark.parametrize(
    ("says", "missing"),
    [
        (error(404, "no such model", code="model_not_found"), True),
        (Says(404, b"<html>proxy</html>"), False),
        (error(503, "busy"), False),
    ],
)
def test_that_there_is_no_such_model_is_the_services_own_word(
    stub: Stub, provider: OpenAIProvider, says: Any, missing: bool
) -> None:
    stub.tell("POST", CHAT, says)
    with pytest.raises(Unreachable) as caught:
        provider.answer(QUESTION)
    assert caught.value.is_missing is missing


def test_many_threads_may_ask_at_once(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", CHAT, Says(200, completion()))
    found: list[Answer] = []
    threads = [threading.Thread(target=lambda: found.append(provider.answer(QUESTION))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [Answer("Fine.", (), "stop", 9, 2, 4)] * 8


def test_no_log_holds_what_was_asked_or_answered(stub: Stub, provider: OpenAIProvider, tmp_path: Any) -> None:
    stub.tell("POST", CHAT, Says(200, completion(content="Secret answer.")))
    path = tmp_path / "log"
    asked = logged(provider, Log("trace", str(path)))
    assert isinstance(asked, Answers)
    asked.answer(QUESTION)
    written = path.read_text()
    assert "answer ft:m" in written
    assert "9 + 2 tokens" in written
    assert "Secret" not in written
