"""What the evaluations of a plan are estimated to cost, so that its bill holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ftplan.cli.asking import taken_rows
from ftplan.cli.session import Session
from ftplan.core.comparing.asking_cost import asking_estimate
from ftplan.core.deciding.promoting import summed
from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.evaluating import AliasSpec, EvalSpec
from ftplan.core.records import State
from ftplan.core.steps import Estimate
from ftplan.datasets.preparing.heldout import asked_tokens

# A judge reads the prompt, what was wanted and the answer beside its own instructions; it says a number and why.
_JUDGES_OWN_TOKENS, _JUDGES_ANSWER_TOKENS = 150, 60


def eval_estimates(session: Session, desired: Desired, state: State) -> dict[tuple[str, str], Estimate]:
    """The estimate of each evaluation that may have to be made, by its name and that of the model: every model that is
    asked, and every judge, as if nothing was answered before."""
    found: dict[tuple[str, str], Estimate] = {}
    for alias in desired.project.aliases.values():
        model = desired.model(alias.model)
        if model is None or _is_settled(alias, model, state):
            continue
        for name in alias.requires:
            found[name, alias.model] = _estimate(session, desired.project.evals[name], model, alias, state)
    return found


def _is_settled(alias: AliasSpec, model: DesiredModel, state: State) -> bool:
    """Whether the alias stands for what the model is already, or there is nothing to ask."""
    record, known = state.models.get(alias.model), state.aliases.get(alias.name)
    if not alias.requires:
        return True
    same = record is not None and record.fingerprint == model.fingerprint
    return same and record is not None and known is not None and known.now.model_id == record.output


def _estimate(session: Session, spec: EvalSpec, model: DesiredModel, alias: AliasSpec, state: State) -> Estimate:
    rows = taken_rows(session, spec.dataset, spec.limit, spec.seed).rows
    tokens = asked_tokens(rows, model.encoding, session.tokenizers.get(model.encoding))
    catalog = session.catalogs[model.spec.provider]
    sides = 1 + (spec.thresholds.over_base is not None)
    sides += spec.thresholds.over_current is not None and alias.name in state.aliases
    own = asking_estimate(tokens * sides, model.base, catalog, spec.parameters)
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
            catalog = session.catalogs[grader.settings.get("provider") or provider]
            shown = [(asked + 2 * wanted + _JUDGES_OWN_TOKENS, _JUDGES_ANSWER_TOKENS) for asked, wanted in tokens]
            parameters: Mapping[str, object] = grader.settings.get("parameters") or {}
            found.append(asking_estimate(shown, catalog.base(grader.settings["model"]), catalog, parameters))
    return found
