"""SIGKILL at every moment of a real apply: whatever it was doing, the next run pays nothing twice and loses nothing.

Three models, one of them on top of another, over the real SDK and HTTP. A kill before a call is one before the service
sees it; a kill after it is one when the service has answered and nobody has heard. What is heard and not yet written
down is the kill before the write that follows."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from mishaps import APPLY, KILLED, MODELS, PASSED, Call, Child, Fate, Nursery, Trial, known
from workbench import STATE, until

pytestmark = pytest.mark.proof

SIDE_BY_SIDE = 4
ROUNDS = 10
SEED = 20_260


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@dataclass(frozen=True, slots=True)
class Moment:
    """The `nth` call, order of a job or write of a run, and which side of it."""

    what: str
    nth: int
    when: str

    def __str__(self) -> str:
        return f"{self.when}-{self.what}-{self.nth}"


@dataclass(frozen=True, slots=True)
class Death:
    """What a killed run left behind. `unrecorded` are jobs the service has and the state does not know."""

    moment: str
    call: str
    killed: bool
    intents: int
    unrecorded: int


def deadly(moment: Moment, kill: Callable[[], object], hit: list[str]) -> Callable[[Call], Fate]:
    """What the wire does to bring `moment` about. What is killed hears nothing any more."""

    seen = 0

    def meddle(call: Call) -> Fate:
        nonlocal seen
        seen += moment.what == "call" or (moment.what == "order" and call.orders_a_job)
        if seen != moment.nth or hit:
            return PASSED
        hit.append(f"{call.method} {call.path}")
        if moment.when == "before":
            return Fate(first=kill, forwarded=False, cut=True)
        return Fate(then=kill, cut=True)

    return meddle


def test_killed_before_and_after_every_call_and_every_write_a_run_pays_once(nursery: Nursery, tmp_path: Path) -> None:
    calls, writes = unharmed(nursery, tmp_path / "unharmed")
    ends = {"call": calls, "order": len(MODELS), "write": writes}
    moments = [Moment(w, n, s) for w in ends for n in range(1, ends[w] + 1) for s in ("before", "after")]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        deaths = list(pool.map(lambda moment: killed_once(nursery, tmp_path / str(moment), moment), moments))
    killed = [death for death in deaths if death.killed]
    in_doubt = [death for death in killed if death.intents]
    bought = [death for death in killed if death.unrecorded]
    print(
        f"\n{calls} calls and {writes} writes: {len(killed)} kills, {len(in_doubt)} with a paid call in doubt, "
        f"{len(bought)} with a job accepted but unrecorded; every job was ordered once"
    )
    # How often a job is looked at depends on how long the service takes, so the last moments may not come.
    assert len(killed) >= len(moments) - 6, [death.moment for death in deaths if not death.killed]
    # Two of the models are started side by side, so which call or write is the n-th differs from run to run; the n-th
    # order does not, and the last is made when nothing else goes on.
    assert {d.moment for d in bought} >= {f"after-order-{n + 1}" for n in range(len(MODELS))}
    assert any(d.moment.startswith("before-write") for d in bought), "a write that follows an answer was never hit"
    assert len(in_doubt) > len(bought)
    assert max(death.unrecorded for death in deaths) == 1


def unharmed(nursery: Nursery, folder: Path) -> tuple[int, int]:
    """How many calls and writes it takes when nothing happens."""
    trial = Trial(folder, nursery)
    try:
        done = trial.run(*APPLY)
        assert done.code == 0, done.said
        calls, writes = len(trial.wire.calls), trial.state["serial"]
        trial.settled()
    finally:
        trial.close()
    return calls, writes


def killed_once(nursery: Nursery, folder: Path, moment: Moment) -> Death:
    """Kills an apply at `moment`, runs it again to the end, and makes sure of everything."""
    trial = Trial(folder, nursery)
    children: list[Child] = []
    hit: list[str] = []
    try:
        trial.wire.meddler = deadly(moment, lambda: known(children).kill(), hit)
        die = {"name": STATE, "nth": moment.nth, "when": moment.when} if moment.what == "write" else None
        children.append(trial.start(*APPLY, die=die))
        code = children[0].end().code
        assert code in (0, KILLED), f"{moment}: {children[0].said}"
        intents, unrecorded = len(trial.state["intents"]), {job["id"] for job in trial.jobs} - trial.recorded
        trial.wire.meddler = lambda call: PASSED
        done = trial.run(*APPLY)
        assert done.code == 0, f"{moment}: {done.said}"
        assert ("Took over the lock of a dead run" in done.said) == (code == KILLED), f"{moment}: {done.said}"
        assert ("Found the job of an earlier run" in done.said) == bool(unrecorded), f"{moment}: {done.said}"
        trial.settled()
    finally:
        trial.close()
    return Death(str(moment), "".join(hit), code == KILLED, intents, len(unrecorded))


def test_two_runs_at_once_killed_at_random_moments_buy_one_set_of_jobs(nursery: Nursery, tmp_path: Path) -> None:
    rounds = range(SEED, SEED + ROUNDS)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        told = list(pool.map(lambda seed: two_at_once(nursery, tmp_path / str(seed), random.Random(seed)), rounds))
    kills, unrecorded = sum(kills for kills, _ in told), sum(lost for _, lost in told)
    print(
        f"\n{ROUNDS} rounds of two runs: {kills} kills, {unrecorded} jobs accepted but unrecorded, none ordered twice"
    )
    assert kills >= ROUNDS
    assert unrecorded > 0


def two_at_once(nursery: Nursery, folder: Path, dice: random.Random) -> tuple[int, int]:
    """Two pairs of runs, of which somebody is killed, and a third that comes to its end. How many were killed, and how
    many jobs only the service knew of at that moment."""
    trial = Trial(folder, nursery)
    kills, unrecorded = 0, list[str]()
    try:
        for _ in range(2):
            codes = harassed(trial, dice, unrecorded)
            assert set(codes) <= {0, KILLED}, codes
            kills += codes.count(KILLED)
        trial.wire.meddler = lambda call: PASSED
        ends = [child.end() for child in [trial.start(*APPLY), trial.start(*APPLY)]]
        assert [end.code for end in ends] == [0, 0], [end.said for end in ends]
        trial.settled()
    finally:
        trial.close()
    return kills, len(set(unrecorded))


def harassed(trial: Trial, dice: random.Random, unrecorded: list[str]) -> list[int]:
    """The exit codes of two runs at once: the wire kills one or both at some call, and one dies at some write, unless
    all is over before that."""
    children: list[Child] = []
    what, last = dice.choice((("call", 20), ("order", 2)))
    moment = Moment(what, dice.randint(1, last), dice.choice(("before", "after")))
    both = dice.random() < 0.4

    def kill() -> None:
        """The one that holds the lock is the one that asks; the other may go with it."""
        holder = json.loads((trial.folder / f".{STATE}.lock").read_text())["pid"]
        for child in until(lambda: len(children) == 2 and children, "no two were started"):
            if both or child.pid == holder:
                child.kill()
        unrecorded.extend({job["id"] for job in trial.jobs} - trial.recorded)

    trial.wire.meddler = deadly(moment, kill, [])
    die = {"name": STATE, "nth": dice.randint(1, 8), "when": dice.choice(("before", "after"))}
    children.extend([trial.start(*APPLY, die=plan) for plan in dice.sample([None, die], 2)])
    return [child.end().code for child in children]


def test_what_is_unchanged_is_written_by_nobody(nursery: Nursery, tmp_path: Path) -> None:
    trial = Trial(tmp_path / "trial", nursery)
    try:
        assert trial.run(*APPLY).code == 0
        kept = trial.state
        identity = os.stat(trial.folder / STATE)
        for words in (APPLY, ("plan",), ("plan", "-out=p"), ("apply", "p"), APPLY):
            done = trial.run(*words)
            assert done.code == 0, done.said
        assert trial.state == kept
        assert os.stat(trial.folder / STATE).st_ino == identity.st_ino
        assert os.stat(trial.folder / STATE).st_mtime_ns == identity.st_mtime_ns
        trial.settled()
    finally:
        trial.close()


def test_a_state_that_is_lost_with_its_backup_is_bought_again_by_nobody(nursery: Nursery, tmp_path: Path) -> None:
    trial = Trial(tmp_path / "trial", nursery)
    try:
        assert trial.run(*APPLY).code == 0
        before = {model["name"]: model["job"] for model in trial.state["models"]}
        for path in trial.folder.glob(f"{STATE}*"):
            path.unlink()
        done = trial.run(*APPLY)
        assert done.code == 0, done.said
        assert {model["name"]: model["job"] for model in trial.state["models"]} == before
        assert all(model["adopted"] for model in trial.state["models"])
        writes = [(r["method"], r["path"]) for r in trial.requests() if r["method"] != "GET"]
        assert Counter(writes) == {("POST", "/v1/files"): 1, ("POST", "/v1/fine_tuning/jobs"): 3}
        trial.settled()
    finally:
        trial.close()
