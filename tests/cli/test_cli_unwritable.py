"""What is written may find no reader and no room: the state is whole, somebody is told, and nobody sees a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import DEADLINE_SECONDS, Workbench

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


@full_disk
def test_where_not_even_that_can_be_told_the_exit_code_says_it(bench: Workbench) -> None:
    bench.bot()
    assert shell(bench, f"FTPLAN plan > {FULL} 2> {FULL}").returncode == 1


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
