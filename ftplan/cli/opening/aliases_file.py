"""The file that applications read: which model each name stands for."""

from __future__ import annotations

import errno
import json
from pathlib import Path

from ftplan.backends.whole import write_whole
from ftplan.core.records import State
from ftplan.errors import Problem
from ftplan.views.json_documents import aliases_document

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
