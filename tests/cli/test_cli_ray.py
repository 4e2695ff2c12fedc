"""Whoever runs a command says which machines read large datasets, by an option or in the environment."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from processes import ended
from workbench import Workbench

from ftplan.datasets.scanning.shards import SHARD_BYTES

REFUSED = "Unusable address of a Ray cluster"
MARK = "FTPLAN_TEST_MARK"


def must_be_installed() -> None:
    # Not imported: it is told what it must not do before it is.
    if find_spec("ray") is None:
        pytest.skip("ftplan[ray] is not installed")


def test_an_address_that_means_nothing_is_refused_before_anything_is_read(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    for words in (["-ray=nonsense"], ["--ray=nonsense"], ["-ray", "nonsense"]):
        done = bench.run("dataset", "check", "rows.jsonl", *words)
        assert done.code == 1
        assert REFUSED in done.said
        assert "10 rows" not in done.said


@pytest.mark.parametrize("command", [["plan"], ["apply", "-auto-approve"], ["validate"]], ids=lambda words: words[0])
def test_the_environment_names_the_machines_for_every_command_that_measures(
    bench: Workbench, command: list[str]
) -> None:
    bench.bot()
    bench.environ(FTPLAN_RAY="nonsense")
    done = bench.run(*command)
    assert done.code == 1
    assert REFUSED in done.said
    bench.environ(FTPLAN_RAY="")
    assert bench.run(*command).code == 0


def test_the_option_counts_more_than_the_environment(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.environ(FTPLAN_RAY="nonsense")
    assert REFUSED in bench.run("dataset", "check", "rows.jsonl").said
    assert bench.run("dataset", "check", "rows.jsonl", "-ray=").code == 0


def test_the_configuration_cannot_name_machines(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": {"base_model": "gpt-4.1-mini-2025-04-14", "dataset": "rows"}}, ray="local")
    done = bench.run("validate")
    assert done.code == 1
    assert "ray" in done.said


def test_a_small_file_is_read_here_and_no_ray_is_asked(bench: Workbench) -> None:
    must_be_installed()
    bench.rows("rows.jsonl")
    # Nobody answers there.
    done = bench.run("dataset", "check", "rows.jsonl", "-ray=127.0.0.1:1")
    assert done.code == 0
    assert done == bench.run("dataset", "check", "rows.jsonl")


def test_without_ray_the_command_that_installs_it_is_told(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    bench.rows("rows.jsonl")
    done = bench.run("dataset", "check", "rows.jsonl", "-ray=local")
    assert done.code == 1
    assert "pip install 'ftplan[ray]'" in done.said


def test_a_large_file_is_told_of_alike_by_a_ray_and_without_one(bench: Workbench) -> None:
    must_be_installed()
    large(bench.folder / "large.jsonl")
    # Modules called like those that a worker needs: what a stranger's pull request may bring is not imported.
    for name in ("json", "msgspec", "pickle", "ftplan"):
        bench.write(f"{name}.py", "import os; open('shadowed', 'w'); os.abort()")
    before = set(Path("/tmp").glob("ftplan-*"))
    found = [check(bench.folder, *words) for words in (["-parallelism=2"], ["-parallelism=2", "-ray=local"])]
    assert [(done.returncode, done.stderr) for done in found] == [(0, b"")] * 2
    assert found[0].stdout == found[1].stdout
    assert json.loads(found[1].stdout)["datasets"][0]["facts"]["bytes"] > SHARD_BYTES
    assert ended(str(bench.folder).encode())
    assert not (bench.folder / "shadowed").exists()
    # The Ray of other tests has a folder of its own, which may begin or end meanwhile.
    assert not [path for path in set(Path("/tmp").glob("ftplan-*")) - before if (path / "r").exists()]


def large(path: Path) -> None:
    """A file that is read in more than one share. Images are large and have no words: counting them takes no time."""
    image = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(SHARD_BYTES // 14)).decode()
    with path.open("wb") as file:
        for number in range(12):
            asked = [{"type": "text", "text": f"{number}?"}, {"type": "image_url", "image_url": {"url": image}}]
            messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": "Wait."}]
            file.write(json.dumps({"messages": messages}).encode() + b"\n")


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    # As the installed command is: the folder it stands in is no place to import from.
    apart = "-P" if sys.version_info >= (3, 11) else "-I"
    return subprocess.run(
        [sys.executable, apart, "-m", "ftplan", "dataset", "check", "large.jsonl", "-json", *words],
        cwd=folder,
        env={**os.environ, "FTPLAN_CACHE_DIR": "", MARK: str(folder)},
        capture_output=True,
        timeout=200,
        check=False,
    )
