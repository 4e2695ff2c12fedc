"""Reads what wandb has written into a folder, without wandb's own reader: blocks of records, as LevelDB logs them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

_HEADER, _BLOCK = 7, 32 * 1024
_FULL, _LAST = 1, 4


@dataclass
class WrittenRun:
    """What `wandb sync` would send of one run."""

    id: str = ""
    project: str = ""
    name: str = ""
    host: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    steps: dict[int, dict[str, Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def read_run(folder: Path) -> WrittenRun:
    """The run in the folder of an offline run. A figure of wandb's own begins with an underscore and is left out."""
    (file,) = folder.glob("run-*.wandb")
    run = WrittenRun()
    for data in _records(file.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run.id, run.project, run.name, run.host = (
                *(record.run.run_id, record.run.project),
                *(record.run.display_name, record.run.host),
            )
            run.config.update({one.key: json.loads(one.value_json) for one in record.run.config.update})
        elif kind == "history":
            run.steps[record.history.step.num] = _items(record.history.item)
        elif kind == "summary":
            run.summary.update(_items(record.summary.update))
        elif kind == "files":
            run.files += [one.path for one in record.files.files]
    return run


def _items(items: Any) -> dict[str, Any]:
    named = {one.key or "/".join(one.nested_key): json.loads(one.value_json) for one in items}
    return {name: value for name, value in named.items() if not name.startswith("_")}


def _records(data: bytes) -> Iterator[bytes]:
    at, whole = _HEADER, b""
    while at + _HEADER <= len(data):
        left = _BLOCK - at % _BLOCK
        if left < _HEADER:
            at += left
            continue
        _, length, kind = struct.unpack("<IHB", data[at : at + _HEADER])
        whole += data[at + _HEADER : at + _HEADER + length]
        at += _HEADER + length
        if kind in (_FULL, _LAST):
            yield whole
            whole = b""
