"""The file that applications read: which model each name stands for."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

from ftplan.backends.whole import write_whole
from ftplan.core.records import State
from ftplan.errors import Problem

ALIASES_FILE = "ftplan.aliases.json"


def write_aliases(root: str, state: State) -> list[Problem]:
    """Brings the file in the folder `root` up to date, where there are aliases or it stands there already. Gives the
    warning where it could not be written: the state has what it would say."""
    path = Path(root) / ALIASES_FILE
    data = (json.dumps(aliases_document(state), indent=2, ensure_ascii=False) + "\n").encode()
    try:
        if path.exists() and not path.is_file():
            raise FileExistsError(errno.EEXIST, "it is no file")  # a pipe would keep its reader waiting
        before = path.read_bytes() if path.exists() else None
        if before == data or (before is None and not state.aliases):
            return []
        write_whole(path, data)
        path.chmod(0o644)
    except OSError as error:
        detail = f"{ALIASES_FILE}: {error.strerror or error}. What it would say is in the state."
        return [Problem("Aliases file not written", detail, severity="warning")]
    return []


def aliases_document(state: State) -> dict[str, Any]:
    """What applications are told: the aliases with what they stand for, and the models."""
    return {
        "version": 1,
        "project": state.project,
        "aliases": {
            name: {
                "model": alias.now.model,
                "provider": alias.now.provider,
                "id": alias.now.model_id,
                "since": alias.now.since,
            }
            for name, alias in sorted(state.aliases.items())
        },
        "models": {
            name: {"provider": record.provider, "id": record.output}
            for name, record in sorted(state.models.items())
            if record.output is not None
        },
    }
