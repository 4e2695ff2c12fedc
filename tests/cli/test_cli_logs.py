"""FTPLAN_LOG says what was asked of the providers, and nothing that must not be said."""

from __future__ import annotations

import stat

from workbench import Workbench

from ftplan.cli.opening.logs import Log, logged
from ftplan.core.ports import HasProgress


def test_a_log_names_every_write_and_holds_no_key(bench: Workbench) -> None:
    bench.bot()
    bench.environ(FTPLAN_LOG="info", FTPLAN_LOG_PATH="ftplan.log")
    bench.apply()
    log = (bench.folder / "ftplan.log").read_text()
    assert stat.S_IMODE((bench.folder / "ftplan.log").stat().st_mode) == 0o600
    assert [line.split()[3] for line in log.splitlines() if "[INFO]" in line] == ["put_file", "start_job"]
    assert "get_job" not in log


def test_debug_shows_the_reads_as_well(bench: Workbench) -> None:
    bench.bot()
    bench.environ(FTPLAN_LOG="debug")
    assert "find_jobs" in bench.plan().err


def test_a_level_that_is_none_is_refused(bench: Workbench) -> None:
    bench.bot()
    bench.environ(FTPLAN_LOG="loud")
    refused = bench.run("plan")
    assert (refused.code, "Invalid FTPLAN_LOG" in refused.err) == (1, True)


def test_logging_gives_a_provider_no_power_it_lacks() -> None:
    class Plain:
        pass

    class Telling:
        def progress(self, job_id: str) -> None:
            return None

    log = Log("error", None)
    assert not isinstance(logged(Plain(), log), HasProgress)
    assert isinstance(logged(Telling(), log), HasProgress)
