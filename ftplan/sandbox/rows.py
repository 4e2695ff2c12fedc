"""A training file, read as the service would read it when a job begins.

What the service would refuse raises ``RowsRefused`` with the code that ends up in the job's ``error``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FEWEST_EXAMPLES = 10
_WORD = re.compile(r"\w+|[^\w\s]+")
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


class RowsRefused(Exception):
    """The file cannot be trained on: what stands in the job's ``error``."""

    def __init__(self, code: str, message: str, param: str) -> None:
        super().__init__(message)
        self.code, self.param = code, param


@dataclass(frozen=True, slots=True)
class Example:
    """One row: what was asked, what is to be answered, and (for pairs) what is not."""

    prompt: str
    answer: str
    rejected: str = ""
    reply: Mapping[str, Any] = field(default_factory=dict)  # the assistant message a tuned model gives back
    item: Mapping[str, Any] = field(default_factory=dict)  # the whole row, for graders


def words_of(text: str) -> list[str]:
    """Words and runs of punctuation: what the small stand-in models are fitted to."""
    return _WORD.findall(text)


def words_in(text: str) -> Iterator[re.Match[str]]:
    """The same with the places where they stand."""
    return _WORD.finditer(text)


def text_of(message: Mapping[str, Any]) -> str:
    """What a message says, tool calls included."""
    content = message.get("content")
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    listed = message.get("tool_calls")
    calls = [call.get("function") for call in listed if isinstance(call, dict)] if isinstance(listed, list) else []
    calls.append(message.get("function_call"))
    said = [f"{call.get('name', '')} {call.get('arguments', '')}" for call in calls if isinstance(call, dict)]
    return " ".join([str(content or ""), *said]).strip()


def asked_in(messages: list[Mapping[str, Any]]) -> str:
    """What the user says in a conversation."""
    return "\n".join(text_of(message) for message in messages if message.get("role") == "user")


def read_examples(
    path: Path, method: str, *, file_word: str = "training", fewest: int = FEWEST_EXAMPLES, stop: Callable[[], bool]
) -> list[Example]:
    """Every row of the file in order; fewer when ``stop`` became true on the way."""
    examples: list[Example] = []
    param = f"{file_word}_file"
    for number, line in lines_of(path):
        if stop():
            return examples
        try:
            row = json.loads(line)
            example = _READERS[method](row) if isinstance(row, dict) else None
        except (ValueError, RecursionError) as error:
            message = f"Invalid JSON in the {file_word} file at line {number}."
            raise RowsRefused(f"invalid_{param}", message, param) from error
        if example is None:
            message = f"Line {number} of the {file_word} file does not have the format of the {method} method."
            raise RowsRefused("invalid_file_format", message, param)
        examples.append(example)
    if len(examples) < fewest:
        message = f"The {file_word} file has {len(examples)} example(s), but must have at least {fewest} examples."
        raise RowsRefused("invalid_n_examples", message, param)
    return examples


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that hold something, each with its number."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line


def _conversation(value: Any) -> list[Mapping[str, Any]] | None:
    if not isinstance(value, list) or not value:
        return None
    fine = all(isinstance(message, dict) and message.get("role") in _ROLES for message in value)
    return value if fine else None


def _supervised(row: dict[str, Any]) -> Example | None:
    messages = _conversation(row.get("messages"))
    if messages is None:
        return None
    trained = [m for m in messages if m["role"] == "assistant" and m.get("weight", 1) != 0]
    if not trained:
        return None
    answer = "\n".join(map(text_of, trained))
    before = messages[: max(i for i, message in enumerate(messages) if message is trained[-1])]
    return Example(asked_in(before), answer, reply=trained[-1])


def _preference(row: dict[str, Any]) -> Example | None:
    given = row.get("input")
    messages = _conversation(given.get("messages")) if isinstance(given, dict) else None
    better, worse = _conversation(row.get("preferred_output")), _conversation(row.get("non_preferred_output"))
    if messages is None or better is None or worse is None:
        return None
    if len(better) != 1 or len(worse) != 1 or {better[0]["role"], worse[0]["role"]} != {"assistant"}:
        return None
    return Example(asked_in(messages), text_of(better[0]), text_of(worse[0]), reply=better[0])


def _reinforcement(row: dict[str, Any]) -> Example | None:
    messages = _conversation(row.get("messages"))
    if messages is None or messages[-1]["role"] == "assistant":
        return None
    return Example(asked_in(messages), "", item=row)


_READERS: Mapping[str, Callable[[dict[str, Any]], Example | None]] = {
    "supervised": _supervised,
    "dpo": _preference,
    "reinforcement": _reinforcement,
}
