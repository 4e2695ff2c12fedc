"""Endpoint of /v1/chat/completions: a tuned model answers as its nearest training example does, a base does not know.

Every answer says that it is a rehearsal: in its text, or (where the text must stay JSON) beside it.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ftplan.sandbox.models import Found, Models
from ftplan.sandbox.nearest import Nearest
from ftplan.sandbox.rewards import wanted_answer
from ftplan.sandbox.rows import asked_in, read_examples, text_of, words_in, words_of
from ftplan.sandbox.schedule import Job
from ftplan.sandbox.shelf import Shelf
from ftplan.sandbox.structured import fitting_value
from ftplan.sandbox.wire import Call, Json, bad_request, endpoint, fresh_id

MARK = "[rehearsal]"
FINGERPRINT = "fp_sandbox_rehearsal"
_MODELS_IN_MEMORY = 4


class Chat:
    """Answers for every model that ``models`` finds."""

    def __init__(self, models: Models, shelf: Shelf) -> None:
        self._models, self._shelf = models, shelf
        self._memory: OrderedDict[str, tuple[Nearest, list[Mapping[str, Any]]]] = OrderedDict()

    def routes(self) -> list[Route]:
        return [Route("/chat/completions", endpoint(self.complete), methods=["POST"])]

    def complete(self, call: Call) -> Json | Response:
        body = call.json_object()
        messages = body.get("messages")
        if not isinstance(body.get("model"), str):
            raise bad_request("'model' is required and must be a string.", "model")
        if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
            raise bad_request("'messages' must be a list of at least one message.", "messages")
        found = self._models.find(body["model"])
        asked = asked_in(messages)
        reply = self._tuned_reply(found.job, asked) if found.job else _untuned_reply(found, asked, body)
        completion = _completion(found.name, messages, *_bounded(_marked(reply, body), body))
        if not body.get("stream"):
            return completion
        return StreamingResponse(_streamed(completion), media_type="text/event-stream")

    def _tuned_reply(self, job: Job, asked: str) -> Mapping[str, Any]:
        index, replies = self._memories(job)
        return replies[index.find(asked) or 0]

    def _memories(self, job: Job) -> tuple[Nearest, list[Mapping[str, Any]]]:
        if job.id not in self._memory:
            examples = read_examples(self._shelf.blob(f"{job.id}.train"), job.method, stop=lambda: False)
            replies = [example.reply for example in examples]
            if job.method == "reinforcement":
                grader = job.order["method"]["reinforcement"]["grader"]
                replies = [{"content": wanted_answer(example, grader)} for example in examples]
            self._memory[job.id] = Nearest([example.prompt for example in examples]), replies
        memories = self._memory[job.id]
        while len(self._memory) > _MODELS_IN_MEMORY:
            self._memory.popitem(last=False)
        return memories


def _untuned_reply(found: Found, asked: str, body: Json) -> Mapping[str, Any]:
    about = f" You asked: {asked[:200]}" if asked else ""
    said = f"This is the sandbox's untuned {found.name}; it has seen no examples of yours.{about}"
    match _form(body):
        case {"type": "json_schema", "json_schema": {"schema": schema}}:
            return {"content": json.dumps(fitting_value(schema))}
        case {"type": "json_object"}:
            return {"content": json.dumps({"rehearsal": said})}
        case _:
            return {"content": said}


def _form(body: Json) -> Json:
    """The form of answer that is asked for."""
    form = body.get("response_format")
    return form if isinstance(form, dict) else {}


def _marked(reply: Mapping[str, Any], body: Json) -> Json:
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    if reply.get("tool_calls"):
        return {**message, "tool_calls": reply["tool_calls"]}
    if reply.get("function_call"):
        return {**message, "function_call": reply["function_call"]}
    text = text_of(reply)
    wants_json = str(_form(body).get("type")).startswith("json")
    return {**message, "content": text if wants_json else f"{MARK} {text}"}


def _bounded(message: Json, body: Json) -> tuple[Json, bool]:
    """The message with no more words than tokens are asked for, and whether that cut it."""
    bounds = [body[name] for name in ("max_completion_tokens", "max_tokens") if isinstance(body.get(name), int)]
    text = message.get("content")
    if not bounds or not isinstance(text, str):
        return message, False
    ends = [word.end() for word in words_in(text)]
    most = max(0, min(bounds))
    if len(ends) <= most:
        return message, False
    return {**message, "content": text[: ends[most - 1]] if most else ""}, True


def _completion(model: str, messages: list[Json], message: Json, cut: bool) -> Json:
    asked_words = sum(len(words_of(text_of(one))) for one in messages)
    answer_words = len(words_of(text_of(message)))
    reason = next((kind for kind in ("tool_calls", "function_call") if kind in message), "length" if cut else "stop")
    return {
        "id": fresh_id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
        # Words stand in for tokens.
        "usage": {
            "prompt_tokens": asked_words,
            "completion_tokens": answer_words,
            "total_tokens": asked_words + answer_words,
        },
        "system_fingerprint": FINGERPRINT,
        "rehearsal": f"{MARK} Answered by the ftplan sandbox, not by a language model.",
    }


def _streamed(completion: Json) -> Iterator[str]:
    """The same completion as server-sent events: the message in one piece, then its end."""
    (choice,) = completion["choices"]
    head = {key: value for key, value in completion.items() if key not in ("choices", "usage")}
    head["object"] = "chat.completion.chunk"
    delta = {key: value for key, value in choice["message"].items() if key != "refusal"}
    calls = [{"index": index, **call} for index, call in enumerate(delta.get("tool_calls", ()))]
    pieces = [
        {"index": 0, "delta": {**delta, **({"tool_calls": calls} if calls else {})}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]},
    ]
    for piece in pieces:
        yield f"data: {json.dumps({**head, 'choices': [piece]})}\n\n"
    yield "data: [DONE]\n\n"
