"""What the evaluations of a plan are estimated to cost, so that its bill holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ftplan.cli.asking.asking import taken_rows
from ftplan.cli.opening.session import Session
from ftplan.core.comparing.asking_cost import asking_estimate
from ftplan.core.deciding.promoting import summed
from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.evaluating import EvalSpec
from ftplan.core.handover import AliasRecord
from ftplan.core.records import State
from ftplan.core.steps import Estimate, Promote
from ftplan.datasets.preparing.heldout import asked_tokens

# A judge reads the prompt, what was wanted and the answer beside its own instructions; it says a number and why.
_JUDGES_OWN_TOKENS, _JUDGES_ANSWER_TOKENS = 150, 60


def eval_estimates(
    session: Session, desired: Desired, state: State, steps: Sequence[Promote]
) -> dict[tuple[str, str], Estimate]:
    """The estimate of each evaluation that `steps` make, by its name and that of the model: every model that is asked,
    and every judge, as if nothing was answered before. A verdict that `state` holds is not asked for again."""
    found: dict[tuple[str, str], Estimate] = {}
    for step in steps:
        model = desired.model(step.model.name)
        if model is None:
            continue
        for name in step.requires:
            if (name, step.model_id) in state.evaluations:
                continue
            spec, alias = desired.project.evals[name], state.aliases.get(step.address.name)
            found[name, step.model.name] = _estimate(session, spec, model, alias)
    return found


def _estimate(session: Session, spec: EvalSpec, model: DesiredModel, alias: AliasRecord | None) -> Estimate:
    rows = taken_rows(session, spec.dataset, spec.limit, spec.seed).rows
    tokens = asked_tokens(rows, model.encoding, session.tokenizers.get(model.encoding))
    catalog = session.catalogs[model.spec.provider]
    sides = 1 + (spec.thresholds.over_base is not None)
    sides += spec.thresholds.over_current is not None and alias is not None
    own = asking_estimate(tokens * sides, model.base, catalog, spec.parameters, model.spec.provider)
    whole = summed([own, *judges_estimates(session, spec, model.spec.provider, tokens * sides)])
    assert whole is not None
    return whole


def judges_estimates(
    session: Session, spec: EvalSpec, provider: str, tokens: Sequence[tuple[int, int]]
) -> list[Estimate]:
    """What the judges of an evaluation cost that are shown answers to so many questions; `provider` is that of the
    evaluated model."""
    found = []
    for grader in spec.graders:
        if grader.type == "judge":
            judge = str(grader.settings.get("provider") or provider)
            catalog = session.catalogs[judge]
            shown = [(asked + 2 * wanted + _JUDGES_OWN_TOKENS, _JUDGES_ANSWER_TOKENS) for asked, wanted in tokens]
            parameters: Mapping[str, object] = grader.settings.get("parameters") or {}
            found.append(asking_estimate(shown, catalog.base(grader.settings["model"]), catalog, parameters, judge))
    return found
