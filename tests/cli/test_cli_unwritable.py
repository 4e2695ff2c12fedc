"""What is written may find no reader and no room: the state is whole, somebody is told, and nobody sees a traceback."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import IO

import pytest
from workbench import DEADLINE_SECONDS, Workbench

from ftplan.cli.main import run

FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="no device here that is always full")


def shell(bench: Workbench, words: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of `words`, in which FTPLAN is the command."""
    return subprocess.run(
        ["bash", "-c", words.replace("FTPLAN", f"{sys.executable} -m ftplan")],
        cwd=bench.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


@full_disk
@pytest.mark.parametrize(
    "words", ["output", "output -json", "plan", "plan -json", "-help", "plan -help", "version", "state list"]
)
def test_a_full_disk_under_the_answer_is_told_and_fails(bench: Workbench, words: str) -> None:
    bench.bot()
    bench.apply()
    before = bench.state
    done = shell(bench, f"FTPLAN {words} > {FULL}")
    assert done.returncode == 1
    assert "Error: The answer cannot be written" in done.stderr
    assert "stdout: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert bench.state == before


@full_disk
def test_an_apply_that_cannot_tell_what_it_did_has_done_it_once(bench: Workbench) -> None:
    bench.bot()
    done = shell(bench, f"FTPLAN apply -auto-approve -json > {FULL}")
    assert (done.returncode, "The answer cannot be written" in done.stderr) == (1, True)
    assert bench.apply().code == 0
    assert bench.bought() == (1, 1)


class Filling(io.StringIO):
    """A stdout whose disk is full once a job was started."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, text: str) -> int:
        if '"job_started"' in text:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_an_apply_follows_its_jobs_to_their_end_although_its_stream_is_on_a_full_disk(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.bot()
    monkeypatch.chdir(bench.folder)
    monkeypatch.setattr(sys, "argv", ["ftplan", "apply", "-auto-approve", "-json"])
    with (
        open(bench.folder / "stdout", "wb") as file,
        redirect_stdout(Filling(file)) as said,
        pytest.raises(SystemExit) as ended,
    ):
        run()
    assert ended.value.code == 1
    assert "The answer cannot be written" in capfd.readouterr().err
    assert '"apply_errored"' not in said.getvalue()
    assert bench.model_id().startswith("ft:")
    assert "No changes." in bench.plan().out
    assert bench.bought() == (1, 1)


@full_disk
def test_where_not_even_that_can_be_told_the_exit_code_says_it(bench: Workbench) -> None:
    bench.bot()
    assert shell(bench, f"FTPLAN plan > {FULL} 2> {FULL}").returncode == 1


@full_disk
def test_an_apply_goes_on_where_its_progress_cannot_be_told(bench: Workbench) -> None:
    bench.bot()
    done = shell(bench, f"FTPLAN apply -auto-approve 2> {FULL}")
    assert (done.returncode, "Apply complete!" in done.stdout) == (0, True)
    assert bench.bought() == (1, 1)


def test_whoever_stops_reading_ends_the_command_in_silence(bench: Workbench) -> None:
    bench.bot()
    done = shell(bench, "set -o pipefail; FTPLAN plan | true")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_a_closed_stream_is_one_that_nobody_reads(bench: Workbench, closed: str) -> None:
    bench.bot()
    done = shell(bench, f"FTPLAN apply -auto-approve {closed}")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert bench.bought() == (1, 1)
    assert ("Apply complete!" in done.stdout) == (">&-" not in closed.replace("2>&-", ""))


def test_the_progress_of_a_closed_stderr_does_not_stand_in_the_answer(bench: Workbench) -> None:
    bench.bot()
    done = shell(bench, "FTPLAN apply -auto-approve -json 2>&-")
    assert {json.loads(line)["type"] for line in done.stdout.splitlines()} >= {"version", "outputs"}
    plain = shell(bench, "FTPLAN plan 2>&-")
    assert plain.stdout.startswith("No changes.")
