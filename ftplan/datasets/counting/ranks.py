"""The file of an encoding's ranks, byte for byte as OpenAI publishes it, without a network.

splintr carries the ranks compiled in. Spelled out they are the published file, which its sha256 proves. Making it
takes a quarter of a second, so it is kept in the cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from ftplan.core.facts import Encoding
from ftplan.datasets.counting.encodings import RANKS
from ftplan.datasets.keeping.cache import Cache


@contextlib.contextmanager
def rank_file(encoding: Encoding) -> Iterator[Path | None]:
    """The path of a file with the ranks, for as long as the block lasts; None where they cannot be had."""
    _, sha256 = RANKS[encoding]
    cache = Cache.of_user(os.environ).path
    kept = cache.with_name(f"ranks-{sha256[:16]}.tiktoken") if cache is not None else None
    if kept is not None and _is_right(kept, sha256):
        yield kept
        return
    data = _spelled_out(encoding)
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="ftplan-") as folder:
        made = Path(folder) / "ranks.tiktoken"
        made.write_bytes(data)
        if kept is not None:
            _keep(data, kept)
        yield made


def _is_right(path: Path, sha256: str) -> bool:
    # Whoever wrote it: what is in it decides.
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def _keep(data: bytes, path: Path) -> None:
    """A copy for the next run. Several processes may do this at once; where none can, nothing is lost but time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
            os.replace(draft, path)
        except OSError:
            os.unlink(draft)
            raise


def _spelled_out(encoding: Encoding) -> bytes | None:
    try:
        from splintr import Tokenizer
    except ImportError:
        return None
    bytes_of = Tokenizer.from_pretrained(encoding).decode_bytes
    number, _ = RANKS[encoding]
    return b"".join(b"%b %d\n" % (b64encode(bytes_of([rank])), rank) for rank in range(number))
