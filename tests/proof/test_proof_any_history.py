"""Any history at all: Hypothesis edits, plans, applies, kills, loses and steals, and looks for a broken promise.

FTPLAN_PROOF_EXAMPLES sets how many histories are tried; see CONTRIBUTING.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from fake_service import BASE
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from simulated_doors import accidents
from simulated_pair import Interleaving
from simulated_rest import come_to_rest, take_breath
from simulated_run import Incarnation, Script, resting_plan
from simulated_world import PROMISED_LAG_SECONDS, Version, World
from world import model

from ftplan.core.events import AliasMoved
from ftplan.core.facts import Phase
from ftplan.core.fold import fold
from ftplan.core.keeping.codec import encode_state
from ftplan.core.planner import Policy
from ftplan.core.ports import CALL_TIMEOUT_SECONDS
from ftplan.core.spec import Address, Lifecycle, Method

NAMES = ("a", "b", "child")
names = st.sampled_from(NAMES)
KINDS = sorted({kind for effect in ("save", "start_job", "find_jobs", "get_job") for kind in accidents(effect)})


class AnyHistory(RuleBasedStateMachine):
    """A project and everything that may happen to it. The promises are looked at after each step, and the last of
    them once all has come to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World([model("a"), model("b", epochs=1), model("child", base="model.a")])
        self.world.aliases = {"prod": "a"}
        self.world.service.lag = 45.0
        self.born = self.unrecorded = 0

    # What people do to the files.

    def _edit(self, name: str, **changes: object) -> None:
        self.world.models = [
            replace(spec, **changes) if spec.name == name else spec  # type: ignore[arg-type]
            for spec in self.world.models
        ]

    @rule(name=names, epochs=st.sampled_from((1, 3)))
    def edit_epochs(self, name: str, epochs: int) -> None:
        self._edit(name, method=Method(n_epochs=epochs))

    @rule(name=names, suffix=st.sampled_from((None, "tone")))
    def edit_suffix(self, name: str, suffix: str | None) -> None:
        self._edit(name, suffix=suffix)

    @rule(name=names, retry=st.booleans())
    def give_or_take_consent(self, name: str, retry: bool) -> None:
        """To another try of what failed."""
        self._edit(name, lifecycle=Lifecycle(retry_failed=retry, on_removed="delete"))

    @rule(base=st.sampled_from((BASE, "model.a", "model.b")))
    def edit_base(self, base: str) -> None:
        declared = {f"model.{spec.name}" for spec in self.world.models}
        self._edit("child", base_model=base if base in declared else BASE)

    @rule(name=names)
    def add_or_remove_a_model(self, name: str) -> None:
        if all(spec.name != name for spec in self.world.models):
            self.world.models = [*self.world.models, model(name)]
            return
        self.world.models = [
            replace(spec, base_model=BASE) if spec.parent == name else spec
            for spec in self.world.models
            if spec.name != name
        ]
        self.world.aliases = {alias: model for alias, model in self.world.aliases.items() if model != name}

    @rule(name=st.sampled_from((*NAMES, "")))
    def give_or_take_a_name(self, name: str) -> None:
        """To a model that is declared: applications ask for `prod`."""
        declared = {spec.name for spec in self.world.models}
        self.world.aliases = {"prod": name} if name in declared else {}

    @rule(name=names, other=names)
    def use_another_and_delete_the_one_in_use(self, name: str, other: str) -> None:
        """In one edit, once both are there: what is declared no more is deleted."""
        for each in {name, other}:
            self._edit(each, lifecycle=Lifecycle(retry_failed=True, on_removed="delete"))
        self.give_or_take_a_name(name)
        self.apply(wait=True)
        self.give_or_take_a_name(other)
        if name != other and self.world.aliases and any(spec.name == name for spec in self.world.models):
            self.add_or_remove_a_model(name)

    @rule(words=st.sampled_from(("one\n", "two\n")))
    def edit_data(self, words: str) -> None:
        self.world.contents["tickets"] = words

    # What ftplan does.

    def _live(self, fate: Script, **options: object) -> None:
        self.born += 1
        life = Incarnation(self.world, fate, f"run {self.born}", **options)  # type: ignore[arg-type]
        life.live()
        self.unrecorded += self.world.unrecorded() > 0
        take_breath(self.world)

    @rule()
    def plan(self) -> None:
        before = self.world.digest()
        if self.world.seconds >= self.world.deaf_until:
            resting_plan(self.world)
        assert self.world.digest() == before

    @rule(wait=st.booleans())
    def apply(self, wait: bool) -> None:
        self._live(Script(self.world), wait=wait)

    @rule(name=names)
    def apply_and_replace(self, name: str) -> None:
        if any(spec.name == name for spec in self.world.models):
            self._live(Script(self.world), policy=Policy(replace=frozenset({Address("model", name)})))

    @rule(number=st.integers(0, 45), kind=st.sampled_from(KINDS), wait=st.booleans())
    def apply_with_an_accident(self, number: int, kind: str, wait: bool) -> None:
        self._live(Script(self.world, {number: kind}), wait=wait)

    @rule(numbers=st.lists(st.integers(0, 45), max_size=4), kind=st.sampled_from(KINDS))
    def apply_with_accidents(self, numbers: list[int], kind: str) -> None:
        self._live(Script(self.world, dict.fromkeys(numbers, kind)))

    @rule(nth=st.integers(1, 3), kind=st.sampled_from(("answer lost", "crash after", "late", "dropped")))
    def lose_an_answer(self, nth: int, kind: str) -> None:
        self._live(Aimed(self.world, "start_job", nth, kind))

    @rule(seed=st.integers(0, 10_000), lives=st.integers(2, 3))
    def two_runs_and_a_stolen_lock(self, seed: int, lives: int) -> None:
        Interleaving(self.world, seed, lives=lives).live()

    @rule()
    def roll_back(self) -> None:
        """As the command does it, in one write."""
        state = self.world.state
        for alias in state.aliases.values():
            back = [target for target in alias.former if target.model_id != alias.now.model_id]
            if back:
                moved = fold(state, AliasMoved(alias.name, back[-1], rolled_back=alias.now.model_id))
                self.world.store(Version(encode_state(replace(moved, serial=state.serial + 1)), "rollback"))

    # What happens elsewhere.

    @rule(seconds=st.sampled_from((1.0, 15.0, 59.0, 200.0)))
    def let_time_pass(self, seconds: float) -> None:
        self.world.sleep(seconds)

    @rule(lag=st.sampled_from((0.0, 45.0, PROMISED_LAG_SECONDS)))
    def lag(self, lag: float) -> None:
        self.world.service.lag = lag

    @rule(name=names, ending=st.sampled_from((Phase.FAILED, Phase.SUCCEEDED)))
    def fail_a_job(self, name: str, ending: Phase) -> None:
        self.world.service.endings[f"model.{name}"] = ending

    @precondition(lambda self: self.world.service.jobs)
    @rule(data=st.data())
    def delete_a_model(self, data: st.DataObject) -> None:
        made = sorted(job.fine_tuned_model for job in self.world.jobs() if job.fine_tuned_model)
        if made:
            self.world.service.deleted.add(data.draw(st.sampled_from(made)))

    @precondition(lambda self: self.world.service.files)
    @rule(data=st.data())
    def delete_a_file(self, data: st.DataObject) -> None:
        del self.world.service.files[data.draw(st.sampled_from(sorted(self.world.service.files)))]

    @rule()
    def lose_the_state(self) -> None:
        """And its backup. It is noticed, and the next run comes when the lists have caught up: nothing else knows of
        a job any more."""
        self.world.sleep(CALL_TIMEOUT_SECONDS + PROMISED_LAG_SECONDS)
        self.world.versions, self.world.writes = [], self.world.writes + 1
        self.world.forgotten |= set(self.world.service.jobs)

    # What must be true.

    @invariant()
    def no_promise_is_broken(self) -> None:
        assert not self.world.broken

    def teardown(self) -> None:
        self.world.service.endings.clear()
        for name in NAMES:  # what failed is told for ever, and never trained, until its owner consents
            self._edit(name, lifecycle=Lifecycle(retry_failed=True))
        come_to_rest(self.world)
        assert not self.world.broken


class Aimed(Script):
    """A script that hits the n-th effect of a name."""

    def __init__(self, world: World, effect: str, nth: int, accident: str) -> None:
        super().__init__(world)
        self._aim, self._nth, self._accident = effect, nth, accident

    def meets(self, effect: str) -> str:
        super().meets(effect)
        hit = effect == self._aim and self.effects.count(effect) == self._nth
        return self._accident if hit else ""


LONG_NIGHT = os.environ.get("FTPLAN_PROOF_EXAMPLES")


def test_no_promise_is_broken_in_any_history(figure: Callable[[str, int], None]) -> None:
    histories, unrecorded = count(), count()

    class Counted(AnyHistory):
        def teardown(self) -> None:
            super().teardown()
            next(histories)
            for _ in range(self.unrecorded):
                next(unrecorded)

    chosen = settings(
        max_examples=int(LONG_NIGHT or 200),
        stateful_step_count=25,
        deadline=None,
        derandomize=LONG_NIGHT is None,
        database=None if LONG_NIGHT is None else settings.default.database,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Counted, settings=chosen)
    figure("histories made up by Hypothesis", next(histories))
    seen = next(unrecorded)
    assert seen > 0
    figure("runs of them that ended with a job accepted and not recorded", seen)
