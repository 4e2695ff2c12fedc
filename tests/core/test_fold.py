"""The state after each fact, and the state before it, which stays as it was."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from values import answered, evaluation, file, full_state, job, record, target

from ftplan.core.events import (
    AliasMoved,
    AliasRemoved,
    AnswersBought,
    CheckpointTaken,
    EvaluationDone,
    Fact,
    FiguresKept,
    FileDropped,
    FileStored,
    IntentDropped,
    JobSeen,
    JobStarted,
    LifecycleChanged,
    ModelRemoved,
    PlanUsed,
    PromotionApproved,
    TrainingIntended,
)
from ftplan.core.facts import Phase, RemoteJob
from ftplan.core.fold import fold, job_record
from ftplan.core.handover import MOST_FORMER_TARGETS, Approval, TakenCheckpoint
from ftplan.core.records import FormerJob, Intent, PackedFigures, State
from ftplan.core.spec import Lifecycle

STATE = full_state()
STARTED = JobStarted("bot", "openai", "f9", "k9", 1, {"seed": 9}, job("job-9", Phase.QUEUED))
FACTS: list[Fact] = [
    PlanUsed("d9"),
    FileStored(file("c9", "tickets", id="file-9")),
    FileStored(file("c1", "other", id="file-8")),
    FileDropped("openai", "c1"),
    FileDropped("nobody", "c1"),
    TrainingIntended(Intent("late", "openai", "k9", "f9", 2, {}, "now")),
    IntentDropped("late", "no job carries its key"),
    IntentDropped("nobody", "x"),
    STARTED,
    replace(STARTED, name="late"),
    replace(STARTED, job=job("job-1")),
    JobSeen("bot", job("job-1", Phase.FAILED)),
    JobSeen("bot", job("job-0", Phase.CANCELLED)),
    JobSeen("bot", job("job-7")),
    LifecycleChanged("bot", Lifecycle(retry_failed=False)),
    ModelRemoved("bot", deleted=True),
    ModelRemoved("nobody", deleted=False),
    CheckpointTaken("bot", None),
    CheckpointTaken("bot", TakenCheckpoint("job-1", 9, "ft:job-1:ckpt-step-9", "step 9")),
    EvaluationDone(evaluation(passed=False)),
    EvaluationDone(evaluation(model_id="ft:job-9")),
    AnswersBought(answered("style ft:job-1 then")),
    PromotionApproved(Approval("prod", "f9", {"accuracy": "e9"})),
    FiguresKept(PackedFigures("job-1", "eJw=")),
    AliasMoved("prod", target("job-9")),
    AliasMoved("prod", target("job-0"), rolled_back="ft:job-1"),
    AliasMoved("new", target()),
    AliasRemoved("prod"),
    AliasRemoved("nobody"),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_fold_never_touches_its_input(fact: Fact) -> None:
    state, told = full_state(), copy.deepcopy(fact)
    after = fold(state, fact)
    assert state == STATE
    assert fact == told
    assert fold(state, fact) == after
    assert (after.serial, after.lineage, after.project) == (STATE.serial, STATE.lineage, STATE.project)


def test_a_used_plan_is_remembered_and_the_oldest_is_dropped() -> None:
    state = State("p", "l")
    for number in range(25):
        state = fold(state, PlanUsed(f"d{number}"))
    assert state.used_plans == tuple(f"d{number}" for number in range(5, 25))


def test_the_name_of_a_dataset_moves_to_its_newest_content() -> None:
    after = fold(STATE, FileStored(file("c9", "tickets", id="file-9")))
    assert after.files["openai", "c9"].datasets == ("tickets",)
    assert after.files["openai", "c1"].datasets == ()
    assert after.files["openai", "c2"] == STATE.files["openai", "c2"]


def test_a_name_stays_where_another_provider_has_it() -> None:
    after = fold(STATE, FileStored(file("c9", "tickets", provider="other")))
    assert after.files["openai", "c1"].datasets == ("tickets",)


def test_one_content_keeps_all_its_names() -> None:
    after = fold(STATE, FileStored(file("c1", "copy", id="file-8")))
    assert after.files["openai", "c1"] == replace(file("c1", "tickets", "copy"), id="file-8")


def test_a_dropped_file_is_forgotten_at_its_provider_only() -> None:
    assert set(fold(STATE, FileDropped("openai", "c1")).files) == {("openai", "c2")}
    assert fold(STATE, FileDropped("other", "c1")) == STATE


def test_an_intent_stands_until_it_is_dropped_or_its_job_is_known() -> None:
    intent = Intent("new", "openai", "k", "f", 1, {}, "now")
    after = fold(STATE, TrainingIntended(intent))
    assert after.intents == {**STATE.intents, "new": intent}
    assert fold(after, IntentDropped("new", "refused")).intents == STATE.intents
    assert fold(after, replace(STARTED, name="new")).intents == STATE.intents


def test_a_started_job_is_remembered_with_all_that_made_it() -> None:
    after = fold(State("p", "l"), replace(STARTED, parent="model.base", adopted=True)).models["bot"]
    assert after == record(
        fingerprint="f9", key="k9", recipe={"seed": 9}, job=STARTED.job, parent="model.base", adopted=True
    )


def test_a_retired_job_is_kept() -> None:
    after = fold(STATE, STARTED).models["bot"]
    assert after.job == STARTED.job
    before = STATE.models["bot"]
    assert after.former == (*before.former, FormerJob("f1", before.job, before.origin))


def test_the_same_job_started_again_retires_nothing() -> None:
    after = fold(STATE, replace(STARTED, job=STATE.models["bot"].job)).models["bot"]
    assert after.former == STATE.models["bot"].former


def test_a_job_that_comes_back_is_former_no_more() -> None:
    there = fold(STATE, STARTED)
    back = fold(there, replace(STARTED, fingerprint="f1", job=STATE.models["bot"].job)).models["bot"]
    assert [former.job.id for former in back.former] == ["job-0", "job-9"]


def test_a_look_at_a_job_changes_that_job() -> None:
    seen = job("job-1", Phase.FAILED, error_message="no luck")
    assert fold(STATE, JobSeen("bot", seen)).models["bot"] == replace(STATE.models["bot"], job=seen)


def test_a_look_at_a_retired_job_never_replaces_the_job_of_today() -> None:
    after = fold(STATE, JobSeen("bot", job("job-0", Phase.CANCELLED))).models["bot"]
    assert after.job == STATE.models["bot"].job
    assert after.former[0].job.phase is Phase.CANCELLED


def test_a_look_at_a_job_of_nobody_changes_nothing() -> None:
    assert fold(STATE, JobSeen("bot", job("job-7"))) == STATE


def test_new_rules_change_nothing_else() -> None:
    rules = Lifecycle(retry_failed=False)
    after = fold(STATE, LifecycleChanged("bot", rules))
    assert after.models["bot"] == replace(STATE.models["bot"], lifecycle=rules)


def test_a_removed_model_is_forgotten() -> None:
    assert set(fold(STATE, ModelRemoved("bot", deleted=False)).models) == {"child"}


def test_what_is_deleted_is_nothing_to_go_back_to_and_stays_known() -> None:
    state = full_state()
    moved = fold(state, AliasMoved("prod", replace(target("job-9"), model="next")))
    deleted = fold(moved, ModelRemoved("bot", deleted=True)).aliases["prod"]
    forgotten = fold(moved, ModelRemoved("bot", deleted=False)).aliases["prod"]
    assert [old.job_id for old in deleted.former] == ["job-0"]
    assert [old.job_id for old in forgotten.former] == ["job-0", "job-1"]
    assert deleted.history == forgotten.history == moved.aliases["prod"].history


def test_a_checkpoint_is_the_output_until_another_job_takes_over() -> None:
    taken = TakenCheckpoint("job-1", 9, "ft:job-1:ckpt-step-9", "step 9")
    after = fold(STATE, CheckpointTaken("bot", taken))
    assert after.models["bot"].output == "ft:job-1:ckpt-step-9"
    assert fold(after, CheckpointTaken("bot", None)).models["bot"].output == "ft:job-1"
    assert fold(after, STARTED).models["bot"].output is None
    assert fold(after, replace(STARTED, job=after.models["bot"].job)).models["bot"].taken == taken


def test_an_alias_that_moves_remembers_where_it_was() -> None:
    after = fold(STATE, AliasMoved("prod", target("job-9"))).aliases["prod"]
    assert [after.now.job_id, *(former.job_id for former in after.former)] == ["job-9", "job-0", "job-1"]
    assert after.rolled_back is None


def test_an_alias_that_goes_back_forgets_the_way_it_went() -> None:
    """Another rollback then goes further back, and not forth again."""
    there = fold(STATE, AliasMoved("prod", target("job-9")))
    back = fold(there, AliasMoved("prod", target("job-1"), rolled_back="ft:job-9")).aliases["prod"]
    assert (back.now.job_id, back.rolled_back) == ("job-1", "ft:job-9")
    assert [former.job_id for former in back.former] == ["job-0"]


def test_an_alias_that_moves_on_is_held_back_no_more() -> None:
    back = fold(STATE, AliasMoved("prod", target("job-0"), rolled_back="ft:job-1"))
    assert fold(back, AliasMoved("prod", target("job-9"))).aliases["prod"].rolled_back is None


def test_an_alias_remembers_no_more_than_it_may() -> None:
    state = STATE
    for number in range(30):
        state = fold(state, AliasMoved("prod", target(f"job-{number}")))
    former = state.aliases["prod"].former
    assert len(former) == MOST_FORMER_TARGETS
    assert former[-1].job_id == "job-28"


def test_an_evaluation_is_remembered_by_model_and_the_last_one_counts() -> None:
    again, other = evaluation(passed=False), evaluation(model_id="ft:job-9")
    after = fold(fold(STATE, EvaluationDone(again)), EvaluationDone(other))
    assert after.evaluations == {again.key: again, other.key: other}


def test_figures_are_kept_as_long_as_their_job_is_known() -> None:
    after = fold(STATE, FiguresKept(PackedFigures("job-1", "eJw=")))
    assert after.figures == {**STATE.figures, "job-1": PackedFigures("job-1", "eJw=")}
    gone = fold(after, ModelRemoved("bot", deleted=False))
    assert fold(gone, FiguresKept(PackedFigures("job-9", "eJw="))).figures == {"job-9": PackedFigures("job-9", "eJw=")}


def test_an_approval_stands_until_its_alias_moves_or_goes_or_is_refused() -> None:
    other, mine = Approval("test", "f9", {"accuracy": "e1"}), STATE.approvals["prod"]
    after = fold(STATE, PromotionApproved(other))
    assert after.approvals == {**STATE.approvals, "test": other}
    without = {name: one for name, one in after.approvals.items() if one != mine}
    for fact in (AliasMoved("prod", target("job-9")), AliasRemoved("prod"), EvaluationDone(evaluation(passed=False))):
        assert fold(after, fact).approvals == without
    for fact in (EvaluationDone(evaluation()), EvaluationDone(evaluation(name="style", passed=False))):
        assert fold(after, fact).approvals == after.approvals


def test_of_a_job_that_was_seen_all_that_matters_is_remembered() -> None:
    seen = RemoteJob("j", Phase.FAILED, "failed", "mini-1", "file-1", "file-2", None, 1, 2, 3, 4, "code", "why", 5)
    made = job_record(replace(seen, result_files=("file-3",)))
    assert made.id == "j"
    for name in made.__dataclass_fields__:
        seen_name = {"base_model": "model"}.get(name, name)
        assert getattr(made, name) == getattr(replace(seen, result_files=("file-3",)), seen_name)
