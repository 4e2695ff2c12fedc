"""What is said of a step in words: its symbol, its verdict and why. Shared by text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import assert_never

from ftplan.core.checkpoints import LAST_STEP
from ftplan.core.evaluating import EVAL_PREFIX
from ftplan.core.plan import Plan
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Reason, Step, Take, Train, Upload
from ftplan.views.style import Symbol, clean

UNKNOWN = "(known after apply)"
MOVED = "will be updated in-place"
LEGEND: dict[Symbol, str] = {
    "+": "create",
    "~": "update in-place",
    "-/+": "create replacement (what was there before is kept)",
    "-": "destroy",
    "<=": "adopt what exists already",
    ".": "forget, without destroying",
}
REPLACING = frozenset({Reason.CHANGED, Reason.FORCED, Reason.FAILED})


@dataclass(frozen=True, slots=True)
class Words:
    """`verdict` follows the address; `reasons` are lines of their own. All of it is safe to print."""

    symbol: Symbol
    verdict: str
    reasons: tuple[str, ...]


def step_words(step: Step, plan: Plan) -> Words:
    """What is said of `step`."""
    match step:
        case Upload():
            return _upload(step)
        case Train():
            return _train(step, plan)
        case Adopt():
            return Words("<=", "will be adopted", (_adopt_reason(step),))
        case Await():
            phase = clean(step.detail) if step.detail else "running"
            return Words("~", "will be followed", (f"its job {clean(step.job_id)} is {phase}",))
        case Cancel():
            return Words("~", "will have its job cancelled", (_cancel_reason(step),))
        case Forget():
            return Words(".", "will no longer be managed by ftplan, but will not be destroyed", _forget_reasons(step))
        case Delete():
            return _delete(step)
        case Promote():
            return _promote(step)
        case Take():
            return Words("~", MOVED, (f"its output is {taken_words(step)}; nothing is trained",))
        case _:
            assert_never(step)


def replaces(step: Step, plan: Plan) -> bool:
    """Whether `step` puts something new in the place of something remembered."""
    match step:
        case Train():
            known = step.replaces_model is not None or bool(plan.before.get(str(step.address)))
            return step.reason in REPLACING and (known or bool(step.changes))
        case Upload():
            return step.replaces is not None and step.found_id is None and step.reason is not Reason.LOST
        case _:
            return False


def cancelled_with(step: Train, plan: Plan) -> Cancel | None:
    """The cancellation that goes before `step`, of the job that still runs for the same model."""
    return next((s for s in plan.steps if isinstance(s, Cancel) and s.address == step.address), None)


def is_part_of_another(step: Step, plan: Plan) -> bool:
    """Whether `step` is a cancellation, or a checkpoint taken, that is told together with the other step of its
    model."""
    return isinstance(step, (Cancel, Take)) and any(
        other.address == step.address and not isinstance(other, (Cancel, Take)) for other in plan.steps
    )


def taken_words(step: Take) -> str:
    """What becomes the output of a model, as far as it is known."""
    if step.wish == LAST_STEP:
        return f"its {LAST_STEP} again"
    if step.step is None or step.wish == f"step {step.step}":
        return f"the checkpoint at {clean(step.wish, 120)}"
    figure = f": {step.figure:.4g}" if step.figure is not None else ""
    return f"the checkpoint at step {step.step} ({clean(step.wish, 120)}{figure})"


def _promote(step: Promote) -> Words:
    proven = f" once {listed_evals(step)} {'are' if len(step.requires) > 1 else 'is'} passed" if step.requires else ""
    reason = f"it stands for {clean(step.model)}{proven}"
    return Words("+", "will be created", (reason,)) if step.former_id is None else Words("~", MOVED, (reason,))


def listed_evals(step: Promote) -> str:
    """The evaluations that a promotion waits for, as they are written."""
    return ", ".join(clean(f"{EVAL_PREFIX}{name}", 80) for name in step.requires)


def _upload(step: Upload) -> Words:
    if step.found_id is not None:
        found = f"{clean(step.found_id)} at the provider has this content already; costs nothing"
        return Words("<=", "will be adopted", (found,))
    why = {
        Reason.LOST: "its file is gone at the provider, so it is uploaded again",
        Reason.CHANGED: "its content changed",
        Reason.NEEDED: "a training of this plan needs it",
        Reason.FORCED: "it was asked to be uploaded anew",
    }.get(step.reason, "it has not been uploaded yet")
    if step.replaces is not None and step.reason is not Reason.LOST:
        return Words("-/+", "must be replaced", ("its content changed; the file before is kept at the provider",))
    return Words("+", "will be created", (why,))


_VERDICTS = {
    Reason.CHANGED: "must be replaced",
    Reason.FORCED: "will be replaced, as requested",
    Reason.FAILED: "is tainted, so must be replaced",
}


def _train(step: Train, plan: Plan) -> Words:
    reasons = [clean(step.detail) if step.detail else _train_reason(step)]
    cancel = cancelled_with(step, plan)
    if cancel is not None:
        reasons.append(f"its running job {clean(cancel.job_id)} is cancelled first")
    if not replaces(step, plan):
        return Words("+", "will be created", tuple(reasons))
    if step.replaces_model:
        reasons.append(f"{clean(step.replaces_model)} is kept at the provider")
    return Words("-/+", _VERDICTS[step.reason], tuple(reasons))


def _train_reason(step: Train) -> str:
    match step.reason:
        case Reason.CHANGED:
            by_parent = step.parent is not None and any(change.path == "base_model" for change in step.changes)
            return f"its parent {clean(step.parent)} is another one now" if by_parent else "its recipe changed"
        case Reason.FORCED:
            return "-replace asks for it"
        case Reason.FAILED:
            return "its job ended failed or cancelled"
        case Reason.LOST:
            lost = clean(step.replaces_model) if step.replaces_model else "its model"
            return f"{lost} is gone at the provider"
        case _:
            return "no model has been trained from this recipe yet"


def _adopt_reason(step: Adopt) -> str:
    if step.shared_with is not None:
        return f"it has the recipe of {clean(step.shared_with)}, so both share one job; costs nothing"
    job = f"job {clean(step.job_id)}" if step.job_id else "a job at the provider"
    found = f" ({clean(step.detail)})" if step.detail else ""
    return f"{job}{found} already carries this recipe; costs nothing"


def _forget_reasons(step: Forget) -> tuple[str, ...]:
    kept = f"{clean(step.model_id)} stays at the provider" if step.model_id else ""
    reasons = (_gone_reason(step.reason, str(step.address)), kept, clean(step.detail))
    return tuple(reason for reason in reasons if reason)


def _cancel_reason(step: Cancel) -> str:
    why = {Reason.CHANGED: "its recipe changed", Reason.REQUESTED: "as requested"}.get(step.reason, "")
    return f"job {clean(step.job_id)} is running" + (f"; {why}" if why else "")


def _gone_reason(reason: Reason, address: str) -> str:
    if reason is Reason.UNDECLARED:
        return f"because {clean(address)} is not in configuration"
    return "as requested" if reason in (Reason.REQUESTED, Reason.FORCED) else reason.value


def _delete(step: Delete) -> Words:
    gone = step.model_id or step.file_id
    reasons = [_gone_reason(step.reason, str(step.address))]
    if step.running and step.job_id:
        reasons.append(f"its running job {clean(step.job_id)} is cancelled first")
    if gone:
        reasons.append(f"{clean(gone)} is deleted at the provider for good")
    return Words("-", "will be destroyed", tuple(reasons))
