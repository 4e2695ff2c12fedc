from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ftplan.config import Loaded, load_project

Load = Callable[..., Loaded]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads `text` as ftplan.yaml. `file_text` are further files, by name, to be given as -var-file."""

    def loaded(text: str | bytes, *, file_text: dict[str, str] | None = None, **options: object) -> Loaded:
        path = tmp_path / "ftplan.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        files = []
        for name, content in (file_text or {}).items():
            files.append(tmp_path / name)
            files[-1].write_text(content)
        return load_project(path, var_files=files, **options)  # type: ignore[arg-type]

    return loaded
