"""What is published of each encoding: enough to tell whether a tokenizer, or a file of its ranks, is the right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ftplan.core.facts import Encoding
from ftplan.errors import DatasetError

Encode = Callable[[str], Sequence[int]]
Counter = Callable[[Sequence[str]], list[int]]

# Letters, accents, CJK, an emoji sequence, a special token spelled out, digits, line ends, code.
PROBE = (
    "Hello, w\u00f6rld! \u4f60\u597d \U0001f469\u200d\U0001f680 <|endoftext|> 12345\r\n\n"
    "  \tdef f(x): return x+1 // Don't"
)
PROBE_IDS: dict[Encoding, list[int]] = {
    "o200k_base": [
        *(13225, 11, 286, 2877, 582, 0, 220, 177519, 61138, 102, 2524, 112927, 222, 464, 91, 419, 1440, 919),
        *(91, 29, 220, 7633, 2548, 46865, 256, 23154, 285, 4061, 3127, 622, 1215, 10, 16, 602, 19666),
    ],
    "cl100k_base": [
        *(9906, 11, 289, 9603, 509, 0, 220, 57668, 53901, 62904, 102, 378, 235, 9468, 248, 222, 83739, 8862, 728),
        *(428, 91, 29, 220, 4513, 1774, 81923, 256, 7604, 282, 2120, 1680, 471, 865, 10, 16, 443, 4418, 956),
    ],
}
# The same ranks and the same way to split; it differs in special tokens alone, which a text cannot spell.
PROBE_IDS["o200k_harmony"] = PROBE_IDS["o200k_base"]

# How many ranks there are, and the sha256 of the file they are published in (tiktoken_ext/openai_public.py).
_O200K = (199_998, "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d")
RANKS: Mapping[Encoding, tuple[int, str]] = {
    "o200k_base": _O200K,
    "o200k_harmony": _O200K,
    "cl100k_base": (100_256, "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
}


def check(encode: Encode, encoding: Encoding) -> None:
    """Raises DatasetError where `encode` gives other ids than published."""
    if list(encode(PROBE)) != PROBE_IDS[encoding]:
        raise DatasetError(
            "The tokenizer gives other ids than published",
            detail=f"A probe text in {encoding} came out differently, so no count of it could be trusted.",
            advice="Install releases of splintr-rs, gigatoken and toktok-rs that ftplan's requirements allow.",
        )


def spelled(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which JSON can spell; tiktoken replaces them in this way too."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
