"""A service that answers with anything but an answer, and a disk that takes nothing more: the apply goes on to the end,
or it ends with a clear message and the next one goes on. No job is cancelled by us, and none is started twice.

The runs live `HASTE` times as fast as the wall clock, the patience they are given is as many times longer: a minute
without a network passes in a good second, and a call still has a real second to be answered in."""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from mishaps import APPLY, PASSED, Answer, Call, Fate, Meddler, Nursery, Trial
from workbench import DEADLINE_SECONDS, JOBS, Done, until

pytestmark = pytest.mark.proof

HASTE = 50
SIDE_BY_SIDE = 6
IN_A_ROW = 30
DOWN_SECONDS = 60.0
LIFELIKE = 8.0  # a job takes a third of a second
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
CAP_DAC_OVERRIDE, CAPBSET_DROP = 1, 24


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


BAD: dict[str, Fate] = {
    "500": Fate(forwarded=False, answer=Answer(500)),
    "503": Fate(forwarded=False, answer=Answer(503)),
    "a page": Fate(forwarded=False, answer=Answer(502, body=HTML, kind="text/html")),
    "a page with 200": Fate(forwarded=False, answer=Answer(200, body=HTML, kind="text/html")),
    "a reset": Fate(forwarded=False, cut=True),
    "429 after 0 s": Fate(forwarded=False, answer=Answer(429, {"retry-after": "0"})),
    "429 after 1 s": Fate(forwarded=False, answer=Answer(429, {"retry-after": "1"})),
}
BEGINS: dict[str, Callable[[Call], bool]] = {
    "in mid-poll": lambda call: call.follows,
    "at the order of a job": lambda call: call.orders_a_job,
    "at an upload": lambda call: call.sends_a_file,
    "while planning": lambda call: call.number == 2,
}
# What ends the run at once, and cleanly: a plan needs every answer, and a file is sent three times at most.
GIVEN_UP = {"while planning", "at an upload"}


@dataclass(slots=True)
class Storm:
    """Every answer but the service's own, `left` times from the first call that `begins` it. `done` lets the first
    one through: what is ordered is done, and nobody hears of it."""

    begins: Callable[[Call], bool]
    fate: Fate
    done: bool = False
    left: int = IN_A_ROW
    has_begun: bool = False
    orders_kept_back: int = 0

    def __call__(self, call: Call) -> Fate:
        first = not self.has_begun and self.begins(call)
        self.has_begun = self.has_begun or first
        if not self.has_begun or not self.left:
            return PASSED
        self.left -= 1
        if first and self.done:
            return Fate(answer=self.fate.answer, cut=self.fate.cut)
        self.orders_kept_back += call.orders_a_job
        return self.fate


@dataclass(frozen=True, slots=True)
class Weathered:
    """How a run came through a storm, and the run that came after it. `kept_back` are those of its `orders` that the
    service never got to see."""

    name: str
    codes: tuple[int, ...]
    orders: int
    said: str
    kept_back: int = 0


def weather(trial: Trial, name: str, meddler: Meddler) -> Weathered:
    """Applies in the storm, and then without one until everything is done."""
    trial.wire.meddler = meddler
    done = [trial.run(*APPLY)]
    trial.wire.meddler = lambda call: PASSED
    if done[0].code:
        assert done[0].code == 1, f"{name}: {done[0].said}"
        assert "Error: " in done[0].err, f"{name}: {done[0].said}"
        done.append(trial.run(*APPLY))
    assert done[-1].code == 0, f"{name}: {done[-1].said}"
    trial.settled()
    orders = sum(call.orders_a_job for call in trial.wire.calls)
    kept_back = meddler.orders_kept_back if isinstance(meddler, Storm) else 0
    said = " ".join(each.said for each in done)
    return Weathered(name, tuple(each.code for each in done), orders, said, kept_back)


def all_weathers(nursery: Nursery, folder: Path, storms: dict[str, Callable[[Trial], Meddler]]) -> list[Weathered]:
    """What came of each of `storms`, several of them raging at once."""

    def one(name: str) -> Weathered:
        trial = Trial(folder / re.sub(r"\W", "-", name), nursery, speed=LIFELIKE, haste=HASTE)
        try:
            return weather(trial, name, storms[name](trial))
        finally:
            trial.close()

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(one, storms))


def test_thirty_bad_answers_in_a_row_start_nothing_twice(nursery: Nursery, tmp_path: Path) -> None:
    storms: dict[str, Callable[[Trial], Meddler]] = {}
    for kind, fate in BAD.items():
        for when, begins in BEGINS.items():
            storms[f"{kind}, {when}"] = lambda trial, begins=begins, fate=fate: Storm(begins, fate)
        if not kind.startswith("429"):
            storms[f"{kind}, when a job was ordered"] = lambda trial, fate=fate: Storm(
                BEGINS["at the order of a job"], fate, done=True
            )
    weathered = all_weathers(nursery, tmp_path, storms)
    ended = [each.name for each in weathered if each.codes != (0,)]
    print(f"\n{len(weathered)} storms of {IN_A_ROW}: {len(ended)} ended the run, which the next one resumed")
    assert [name for name in ended if name.split(", ")[-1] not in GIVEN_UP] == []
    assert Counter(name.split(", ")[-1] for name in ended)["while planning"] == len(BAD)
    # Each of the three jobs reaches the service once. Two are ordered in a storm that begins with an order, one right
    # after the other; when the first of them is let through and not heard of, it is never ordered again.
    least = {"at the order of a job": 2, "when a job was ordered": 1}
    for each in weathered:
        assert each.orders - each.kept_back == 3, each.name
        assert each.kept_back >= least.get(each.name.split(", ")[-1], 0), each.name
    heard = {each.name: each.said for each in weathered}
    assert "the answer to a paid call is missing" in heard["500, when a job was ordered"]
    assert "the provider takes no more jobs just now" in heard["429 after 1 s, at the order of a job"]
    assert "the provider does not answer; its job goes on" in heard["a reset, in mid-poll"]


def test_a_minute_without_a_network_ends_no_run(nursery: Nursery, tmp_path: Path) -> None:
    never = threading.Event()

    def torn(trial: Trial, when: str) -> Meddler:
        """The wire is torn at the call at which a storm would begin, and mended a minute of the run later."""
        has_torn = False

        def mend() -> None:
            never.wait(DOWN_SECONDS / HASTE)
            trial.wire.mend()

        def meddle(call: Call) -> Fate:
            nonlocal has_torn
            if has_torn or not BEGINS[when](call):
                return PASSED
            has_torn = True
            trial.wire.tear()
            threading.Thread(target=mend, daemon=True).start()
            return Fate(forwarded=False, cut=True)

        return meddle

    storms = {when: lambda trial, when=when: torn(trial, when) for when in ("in mid-poll", "at the order of a job")}
    weathered = all_weathers(nursery, tmp_path, storms)
    assert [each.codes for each in weathered] == [(0,), (0,)]
    assert "the provider does not answer; its job goes on" in weathered[0].said
    assert [each.orders for each in weathered] == [3, 4]


# A disk that takes nothing more once a job was ordered.


def full(trial: Trial, pid: int) -> None:
    """No file may grow any more, wherever it is."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))


def read_only(trial: Trial, pid: int) -> None:
    (trial.folder / "kept").chmod(0o500)


def vanished(trial: Trial, pid: int) -> None:
    (trial.folder / "kept").rename(trial.folder / "gone")


DISKS = {"is full": full, "is read-only": read_only, "vanishes": vanished}


def with_modes_that_count() -> None:
    """Root writes wherever it wants, unless its programs are begun without the right to."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) == 0


@pytest.mark.parametrize("what", DISKS)
def test_a_job_is_not_lost_when_the_disk_of_its_state(nursery: Nursery, tmp_path: Path, what: str) -> None:
    trial = Trial(tmp_path / "trial", nursery)
    kept = trial.folder / "kept"
    kept.mkdir()
    trial.declare(state={"backend": "local", "path": "kept/state.json"})
    started: list[subprocess.Popen[str]] = []

    def meddle(call: Call) -> Fate:
        here = until(lambda: started, "nothing was started")[0].pid
        return Fate(then=lambda: DISKS[what](trial, here)) if call.orders_a_job else PASSED

    try:
        trial.wire.meddler = meddle
        done = in_its_own_process(trial, started)
        assert done.code == 1
        assert "State not saved" in done.said
        jobs = [job["id"] for job in trial.jobs]
        assert len(jobs) == 1
        copies = [json.loads(path.read_text()) for path in tmp_path.rglob("state.json.emergency-*")]
        rescued = [[model["job"]["id"] for model in copy["models"]] for copy in copies]
        assert rescued == ([] if what == "is full" else [jobs])
        assert jobs[0] in done.said
        trial.wire.meddler = lambda call: PASSED
        (trial.folder / "gone").rename(kept) if what == "vanishes" else kept.chmod(0o700)
        again = trial.run(*APPLY)
        assert again.code == 0, again.said
        assert jobs[0] in [job["id"] for job in trial.jobs]
        assert Counter(r["path"] for r in trial.requests() if r["method"] == "POST")[JOBS] == 3
    finally:
        trial.close()


def in_its_own_process(trial: Trial, started: list[subprocess.Popen[str]]) -> Done:
    """An apply whose words go into pipes, since files may take nothing more."""
    words = [sys.executable, "-m", "ftplan", *APPLY]
    with subprocess.Popen(
        words,
        cwd=trial.folder,
        env=trial.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=with_modes_that_count,
    ) as process:
        started.append(process)
        try:
            out, err = process.communicate(timeout=DEADLINE_SECONDS)
        finally:
            process.kill()
    assert "Traceback" not in err, err
    return Done(process.returncode, out, err)
