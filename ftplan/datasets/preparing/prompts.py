"""What a row asks: the words of its user's turns, by which rows are told to be alike.

Case, blanks and punctuation are taken away, so that `Where is it?` and `where  is it` are the same prompt. The
answers play no part: one question with two answers is still one question.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DIGEST_BYTES = 16
# Scripts that are written without blanks: a character is the best word there is.
_UNSPACED = ("CJK ", "HIRAGANA ", "KATAKANA ", "THAI ", "LAO ", "KHMER ", "MYANMAR ")


@dataclass(frozen=True, slots=True)
class Prompt:
    """`key` is the same for rows that ask the same. `words` is empty where no other prompt can be nearly the same."""

    key: bytes
    words: tuple[str, ...] = ()


def prompt_of(row: Mapping[str, Any], canonical: bytes) -> Prompt:
    """What `row` asks. A row without a user's words is told by its `canonical` spelling alone, and one with images by
    its words and these very images: one question about two pictures is two questions."""
    texts: list[str] = []
    images: list[str] = []
    for content in _asked(row):
        _collect(content, texts, images)
    words = spoken("\n".join(texts))
    if not words and not images:
        return Prompt(digest(b"row", canonical))
    asked = " ".join(words).encode("utf-8", "surrogatepass")
    shown = (image.encode("utf-8", "surrogatepass") for image in images)
    return Prompt(digest(b"prompt", asked, *shown), () if images else tuple(words))


def spoken(text: str) -> list[str]:
    """The words of `text` without case, punctuation and the ways Unicode has to write one thing."""
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded).casefold()
    return folded.translate(_SPOKEN).split()


def digest(*parts: bytes) -> bytes:
    """One short hash of `parts` in their order; where one ends and the next begins counts."""
    made = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()


def _asked(row: Mapping[str, Any]) -> Iterator[Any]:
    """The content of each of the user's turns, in any of the row formats."""
    given = row.get("input")
    messages = given.get("messages") if isinstance(given, dict) else row.get("messages")
    if isinstance(messages, list):
        yield from (m.get("content") for m in messages if isinstance(m, dict) and m.get("role") == "user")
    elif "prompt" in row:
        yield row["prompt"]


def _collect(content: Any, texts: list[str], images: list[str]) -> None:
    if isinstance(content, str):
        texts.append(content)
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("text"), str):
            texts.append(part["text"])
        image = part.get("image_url")
        if isinstance(image, dict) and isinstance(image.get("url"), str):
            images.append(image["url"])


class _Spoken(dict[int, str]):
    """What becomes of a character, worked out when it is first met; there are no more than Unicode has."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] in "PZC" or category == "Sk":
            found = " "
        elif category[0] == "S" or unicodedata.name(character, "").startswith(_UNSPACED):
            # Signs are words: `2 < 3` and `2 > 3` are two questions.
            found = f" {character} "
        else:
            found = character
        self[code] = found
        return found


_SPOKEN = _Spoken()
