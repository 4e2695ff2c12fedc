"""For each rule a file that breaks it. A file of one row unless the rule is about several."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ftplan.core.spec import MethodKind

USER = {"role": "user", "content": "q"}
ANSWER = {"role": "assistant", "content": "a"}
# What a PNG begins with.
PNG = "iVBORw0KGgoAAAANSUhEUgAA"
REPLY = {"role": "tool", "tool_call_id": "c1", "content": "21"}
PARAMETERS = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": PARAMETERS}}


def calling(arguments: str = '{"x": 1}', **changes: Any) -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}, **changes}
    return {"role": "assistant", "tool_calls": [call]}


def calling_function(name: str = "f", arguments: str = '{"x": 1}') -> dict[str, Any]:
    return {"role": "assistant", "function_call": {"name": name, "arguments": arguments}}


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


def tooled(call: dict[str, Any], *then: Any) -> dict[str, Any]:
    return chat(USER, call, *(then or (REPLY, ANSWER)), tools=[TOOL])


def shown(**image: Any) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", **image}}
    return chat({"role": "user", "content": [part]}, ANSWER)


def pair(preferred: str = "good", other: Any = "bad") -> dict[str, Any]:
    outputs = [{"role": "assistant", "content": preferred}], [{"role": "assistant", "content": other}]
    return {"input": {"messages": [USER]}, "preferred_output": outputs[0], "non_preferred_output": outputs[1]}


def lines(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


@dataclass(frozen=True)
class Case:
    """A file that breaks one rule; `more` are further arguments of `measure`."""

    data: bytes | Callable[[], bytes]
    method: MethodKind = "supervised"
    more: tuple[tuple[str, Any], ...] = ()

    @property
    def bytes(self) -> bytes:
        return self.data() if callable(self.data) else self.data


GOOD = chat(USER, ANSWER)
DEEP = b'{"messages": ' + b"[" * 200 + b"]" * 200 + b"}"
PICTURED = shown()["messages"]

CASES: dict[str, Case] = {
    "utf16": Case("x".encode("utf-16")),
    "invalid-utf8": Case(lines(b'{"messages": "\xff"}')),
    "byte-order-mark": Case(b"\xef\xbb\xbf" + lines(GOOD)),
    "one-document": Case(lines(b"[", GOOD)),
    "long-line": Case(lambda: lines(b" " * (64 * 1024**2 + 1))),
    "blank-line": Case(lines(GOOD, b"", GOOD)),
    "invalid-json": Case(lines(b'{"messages": }')),
    "not-an-object": Case(lines(b"17")),
    "repeated-key": Case(lines(b'{"messages": [], "messages": []}')),
    "number-range": Case(lines(b'{"messages": [1e999]}')),
    "not-a-number": Case(lines(b'{"messages": [NaN]}')),
    "deep-nesting": Case(lines(DEEP)),
    "carriage-return": Case(lines(GOOD, chat(USER, {**ANSWER, "content": "b"})).replace(b"\n", b"\r\n")),
    "unknown-format": Case(lines({"text": "x"})),
    "mixed-formats": Case(lines(GOOD, pair())),
    "method-mismatch": Case(lines(pair())),
    "unknown-key": Case(lines(chat(USER, ANSWER, mesages=[]))),
    "former-key": Case(
        lines({"input": {"messages": [USER]}, "preferred_completion": [ANSWER], "non_preferred_output": [ANSWER]}),
        "dpo",
    ),
    "wrong-type": Case(lines({"messages": "hello"})),
    "no-messages": Case(lines(chat())),
    "role": Case(lines(chat({"role": "robot", "content": "x"}, ANSWER))),
    "no-assistant": Case(lines(chat(USER))),
    "nothing-to-learn": Case(lines(chat(USER, {**ANSWER, "weight": 0}))),
    "no-content": Case(lines(chat({"role": "user"}, ANSWER))),
    "part-type": Case(lines(chat({"role": "user", "content": [{"type": "input_audio"}]}, ANSWER))),
    "misplaced-weight": Case(lines(chat({**USER, "weight": 1}, ANSWER))),
    "weight-value": Case(lines(chat(USER, {**ANSWER, "weight": 2}))),
    "idle-weight": Case(lines({**chat(ANSWER | {"weight": 1}, USER), "reference": "x"}), "reinforcement"),
    "message-name": Case(lines(chat({**USER, "name": "Jane Doe"}, ANSWER))),
    "system-and-developer": Case(
        lines(chat({"role": "system", "content": "s"}, {"role": "developer", "content": "d"}, USER, ANSWER))
    ),
    "prompt-end": Case(lines({**chat(USER, ANSWER), "reference": "x"}), "reinforcement"),
    "system-not-first": Case(lines(chat(USER, {"role": "system", "content": "s"}, ANSWER))),
    "ends-unanswered": Case(lines(chat(USER, ANSWER, USER))),
    "empty-answer": Case(lines(chat(USER, {**ANSWER, "content": " \n"}))),
    "misplaced-image": Case(lines(chat(USER, {"role": "assistant", "content": PICTURED[0]["content"]}))),
    "image-count": Case(lines(chat({"role": "user", "content": PICTURED[0]["content"] * 11}, ANSWER))),
    "image-address": Case(lines(shown(url="file:///etc/passwd"))),
    "image-data": Case(lines(shown(url=f"data:image/png;base64,{PNG}*"))),
    "image-format": Case(lines(shown(url="data:image/gif;base64,R0lGODlhAQABAAAA"))),
    "image-type": Case(lines(shown(url=f"data:image/jpeg;base64,{PNG}"))),
    "image-size": Case(lambda: lines(shown(url="data:image/png;base64," + PNG + "A" * 14_000_000))),
    "image-detail": Case(lines(shown(detail="ultra"))),
    "tool-type": Case(lines(chat(USER, ANSWER, tools=[{**TOOL, "type": "browser"}]))),
    "tool-name": Case(lines(chat(USER, ANSWER, tools=[{"type": "function", "function": {"name": "no blanks"}}]))),
    "tool-schema": Case(
        lines(
            chat(USER, ANSWER, tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "int"}}}])
        )
    ),
    "function-count": Case(lines(chat(USER, ANSWER, functions=[]))),
    "tool-count": Case(
        lines(chat(USER, ANSWER, tools=[{"type": "function", "function": {"name": f"f{n}"}} for n in range(129)]))
    ),
    "mixed-tools": Case(lines(chat(USER, calling_function(), tools=[TOOL]))),
    "parallel-tool-calls": Case(lines(chat(USER, ANSWER, parallel_tool_calls=True))),
    "tool-calls": Case(lines(chat(USER, {"role": "assistant", "content": "a", "tool_calls": []}))),
    "tool-call-id": Case(lines(tooled(calling(id="")))),
    "tool-arguments": Case(lines(tooled(calling("x=1")))),
    "tool-arguments-fit": Case(lines(tooled(calling('{"x": "one"}')))),
    "undeclared-tool": Case(lines(chat(USER, calling(), REPLY, ANSWER))),
    "tool-reply": Case(lines(chat(USER, REPLY, ANSWER))),
    "function-reply": Case(lines(chat(USER, {"role": "function", "name": "f", "content": "1"}, ANSWER))),
    "unanswered-call": Case(lines(tooled(calling(), USER, ANSWER))),
    "one-output": Case(lines({**pair(), "preferred_output": [ANSWER, ANSWER]}), "dpo"),
    "output-calls": Case(lines({**pair(), "preferred_output": [calling()]}), "dpo"),
    "same-outputs": Case(lines(pair("same", "same")), "dpo"),
    "grader-field": Case(
        lines({"messages": [USER], "reference": "x"}), "reinforcement", (("item_fields", ("answer",)),)
    ),
    "empty": Case(b""),
    "too-few-rows": Case(lines(GOOD), more=(("min_rows", 10),)),
    "few-rows": Case(lines(*(chat(USER, {**ANSWER, "content": str(n)}) for n in range(10))), more=(("good_rows", 50),)),
    "too-many-rows": Case(lines(GOOD, chat(USER, {**ANSWER, "content": "b"})), more=(("max_rows", 1),)),
    "file-too-large": Case(lines(GOOD), more=(("max_bytes", 50),)),
    "image-model": Case(lines(shown()), more=(("without_images", ("gpt-4.1",)),)),
    "too-many-image-rows": Case(lambda: lines(*[shown()] * 50_001)),
    "cut-answer": Case(lines(chat(USER, {**ANSWER, "content": "word " * 200})), more=(("longest", 100),)),
    "cut-row": Case(lines(chat(USER, ANSWER, {**USER, "content": "word " * 200})), more=(("longest", 100),)),
    "duplicate-rows": Case(lines(GOOD, GOOD)),
    "unbalanced-lengths": Case(
        lines(
            *(chat(USER, {**ANSWER, "content": f"answer {n}"}) for n in range(199)),
            chat(USER, {**ANSWER, "content": "word " * 20_000}),
        )
    ),
    "secret": Case(lines(chat({**USER, "content": "use sk-abcdefghijklmnopqrstuvwx"}, ANSWER))),
    "personal-data": Case(lines(chat({**USER, "content": "write to jane.doe@acme.io"}, ANSWER))),
}
OF_TWO_FILES = {"shared-rows", "split-share"}
"""These need two files, and have their tests with the overlap and with the halves."""
