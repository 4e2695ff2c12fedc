"""The bench that tests of the command work at, in an environment that holds nothing of the user's."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pseudoterminal import Open, Terminal
from workbench import Workbench

# Whose settings decide what the command does.
CODE_HOSTS = ("CI_", "GITHUB_", "GITLAB_")
SERVICES = ("FTPLAN_", "OPENAI_", "AWS_", "AZURE_", "FSSPEC_", "GOOGLE_", "HF_", "STORAGE_EMULATOR_", *CODE_HOSTS)
DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    for name in [name for name in os.environ if name.startswith(SERVICES)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FTPLAN_CACHE_DIR", "")
    monkeypatch.setenv("FTPLAN_POLL_SECONDS", "0.05")
    monkeypatch.setenv("FTPLAN_LIST_LAG_SECONDS", "0.2")
    monkeypatch.setenv("FTPLAN_SANDBOX_SPEED", "0")
    folder = tmp_path / "project"
    folder.mkdir()
    made = Workbench(folder, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def terminal(bench: Workbench) -> Iterator[Open]:
    opened: list[Terminal] = []

    def open_one(*words: str, hurried: bool = False) -> Terminal:
        opened.append(Terminal(bench, *words, hurried=hurried))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def real_data() -> Path:
    """The folder of real datasets, which is no part of this project."""
    if not DATA.is_dir():
        pytest.skip(f"real datasets are looked for in {DATA}, and nothing is there")
    return DATA


@pytest.fixture(scope="session")
def published_count() -> Callable[[Any], int]:
    """The tokens of a chat row by the recipes OpenAI publishes, counted by tiktoken itself."""
    from tiktoken_ext import openai_public

    cookbook = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "cookbook.py"))
    with pytest.MonkeyPatch.context() as patch:
        # It puts a reader of installed ranks there, which has to go again.
        patch.setattr(openai_public, "load_tiktoken_bpe", openai_public.load_tiktoken_bpe)
        encoding = cookbook["tiktoken_encoding"]("o200k_base")
    return partial(cookbook["row_tokens"], encoding)
