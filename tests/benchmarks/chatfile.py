"""A chat file of any size, always the same for one Python: what people train on, as far as that can be made up.

Prose and code are cut out of Python's own library at arbitrary places, so that words come as often as words do;
other scripts are written with words put together of their letters. Three rows in five have one of 40 system
prompts, six in a hundred have tools and calls, and half of the lines are written with \\u escapes.
"""

from __future__ import annotations

import json
import random
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

SEED = 20_260_801
PROMPTS, TOOL_SETS, LIBRARY_CHARACTERS = 40, 12, 12_000_000
SCRIPTS = (
    "абвгдежзийклмнопрстуфхцчшщыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "अआइईउऊएऐओकखगघचछजटठडतथदधनपफबभमयरलवशषसह",
    "กขคงจฉชซญดตถทธนบปผฝพฟภมยรลวศสหอ",
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多",
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん日本語学校時間",
    "가나다라마바사아자차카타파하고노도로모보소오조",
    "àâäçéèêëîïôöùûüÿñßæœabcdefghijklmnopqrstuvwxyz",
)
EMOJI = ("🙂", "👍🏽", "👩‍👩‍👧‍👦", "🇨🇭", "☃️", "🚀")


def write_chat_file(path: Path, megabytes: int) -> None:
    """About `megabytes` million bytes of chat rows."""
    chance = random.Random(SEED)
    say = _speakers(chance)
    prompts = [say["prose"](chance.randint(200, 2_000)) for _ in range(PROMPTS)]
    tool_sets = [_tools(chance, say["prose"]) for _ in range(TOOL_SETS)]
    size, wanted = 0, megabytes * 1_000_000
    with path.open("wb") as file:
        while size < wanted:
            row = _row(chance, say, prompts, tool_sets)
            line = json.dumps(row, ensure_ascii=chance.random() < 0.5).encode() + b"\n"
            size += file.write(line)


def _row(chance: random.Random, say: dict[str, Any], prompts: list[str], tool_sets: list[Any]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    if chance.random() < 0.6:
        messages.append({"role": "system", "content": chance.choice(prompts)})
    if chance.random() < 0.06:
        tools = chance.choice(tool_sets)
        return {"messages": messages + _called(chance, say, tools), "tools": tools}
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        topic = say[chance.choices(("prose", "code", "other"), (70, 18, 12))[0]]
        messages.append({"role": "user", "content": topic(chance.randint(20, 900))})
        messages.append({"role": "assistant", "content": topic(int(chance.lognormvariate(6.4, 0.9)))})
    if len(messages) > 3 and chance.random() < 0.2:
        messages[-3]["weight"] = 0
        messages[-1]["weight"] = 1
    return {"messages": messages}


def _called(chance: random.Random, say: dict[str, Any], tools: list[Any]) -> list[dict[str, Any]]:
    arguments = {"query": say["prose"](40), "limit": chance.randint(1, 99), "id": f"{chance.getrandbits(64):x}"}
    name = chance.choice(tools)["function"]["name"]
    identity = f"call_{chance.getrandbits(64):x}"
    call = {"id": identity, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    return [
        {"role": "user", "content": say["prose"](chance.randint(20, 400))},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": identity, "content": json.dumps({"found": say["prose"](300)})},
        {"role": "assistant", "content": say["prose"](chance.randint(50, 900))},
    ]


def _tools(chance: random.Random, prose: Callable[[int], str]) -> list[dict[str, Any]]:
    def described(kind: str) -> dict[str, str]:
        return {"type": kind, "description": prose(chance.randint(20, 120))}

    tools = []
    for number in range(chance.randint(1, 4)):
        properties = {"query": described("string"), "limit": described("integer"), "id": described("string")}
        parameters = {"type": "object", "properties": properties, "required": ["query"]}
        function = {"name": f"look_up_{number}", "description": prose(150), "parameters": parameters}
        tools.append({"type": "function", "function": function})
    return tools


def _speakers(chance: random.Random) -> dict[str, Callable[[int], str]]:
    prose, code = _library()

    def cut(text: str) -> Callable[[int], str]:
        def piece(length: int) -> str:
            start = chance.randrange(max(1, len(text) - length))
            return f"{chance.getrandbits(20)} " + text[start : start + length]

        return piece

    return {"prose": cut(prose), "code": cut(code), "other": cut(_foreign(chance))}


def _library() -> tuple[str, str]:
    """Python's language reference and comments as prose, its library's source as code."""
    from pydoc_data import topics

    folder = Path(sysconfig.get_paths()["stdlib"])
    code: list[str] = []
    for path in sorted(folder.glob("*.py")) + sorted(folder.glob("[a-k]*/*.py")):
        if "site-packages" not in path.parts:
            code.append(path.read_text(encoding="utf-8", errors="replace"))
        if sum(map(len, code)) > LIBRARY_CHARACTERS:
            break
    source = "".join(code)
    comments = " ".join(line.strip().lstrip("# ") for line in source.splitlines() if line.lstrip().startswith("#"))
    return "".join(topics.topics.values()) + comments, source


def _foreign(chance: random.Random) -> str:
    words: list[str] = []
    for script in SCRIPTS:
        vocabulary = ["".join(chance.choices(script, k=chance.randint(2, 7))) for _ in range(6_000)]
        weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
        words.append(" ".join(chance.choices([*vocabulary, *EMOJI], [*weights, *[0.01] * len(EMOJI)], k=40_000)))
    return "\n".join(words)
