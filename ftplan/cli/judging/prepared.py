"""The evaluations of a plan: what decides them and what they are estimated to cost, so that its digests and its bill
hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ftplan.cli.judging.eval_case import case_digest, eval_case, rows_digest
from ftplan.cli.judging.models_asked import refuse_unable
from ftplan.cli.opening.session import Session
from ftplan.core.bases import priced_as
from ftplan.core.catalog import Catalog
from ftplan.core.comparing.asking_cost import asking_estimate, longest_answer
from ftplan.core.deciding.promoting import in_use
from ftplan.core.desired import Desired, DesiredModel, encoding_of
from ftplan.core.evaluating import EVAL_PREFIX, EvalSpec
from ftplan.core.evaluations import Opponent, Prepared, judges_of, opponents
from ftplan.core.facts import Observation
from ftplan.core.money.cost import summed
from ftplan.core.records import State
from ftplan.core.steps import Estimate, Promote
from ftplan.datasets.preparing.heldout import asked_tokens, text_tokens

# What a judge reads beside its prompt, instructions and the form of its reply; and what it says, a number and why.
_JUDGES_OWN_TOKENS, _JUDGES_ANSWER_TOKENS = 150, 60


def prepared(
    session: Session, desired: Desired, state: State, seen: Observation, steps: Sequence[Promote]
) -> tuple[dict[tuple[str, str], Prepared], State]:
    """Each evaluation that `steps` make, by its name and that of the model, as if nothing was answered before; and
    `state` without the verdicts that were given on other rows, by other graders, for other thresholds or beside others:
    they say nothing about what will be said. Raises `FtplanError` where there is nothing to ask, or nobody."""
    _refuse_unable(session, state, seen, steps)
    found: dict[tuple[str, str], Prepared] = {}
    stale: set[tuple[str, str]] = set()
    for step in steps:
        model = desired.model(step.model.name)
        if model is None:
            continue
        for name in step.requires:
            is_known = _is_known(session, name, state, seen, step)
            stale |= set() if is_known else {(name, step.model_id or "")}
            found[name, step.model.name] = _prepared(session, name, model, state, seen, step, is_known)
    held = {key: one for key, one in state.evaluations.items() if key not in stale}
    return found, replace(state, evaluations=held)


def _refuse_unable(session: Session, state: State, seen: Observation, steps: Sequence[Promote]) -> None:
    """Raises `FtplanError` where an evaluation of `steps` would ask somebody that cannot be asked: before anything is
    trained for it."""
    for step in steps:
        for name in step.requires:
            spec, current = session.project.evals[name], in_use(step.address.name, state, seen)
            whom = opponents(spec, step.provider, "", step.model_id, current)
            asked = [step.provider, *(one.provider for one in whom), *judges_of(spec, step.provider).values()]
            refuse_unable(session, asked, f"{EVAL_PREFIX}{name} asks a model at")


def judges_estimates(
    session: Session,
    catalogs: Mapping[str, Catalog],
    spec: EvalSpec,
    provider: str,
    tokens: Sequence[tuple[int, int]],
) -> Iterator[Estimate]:
    """What the judges of an evaluation cost that are shown answers to so many questions; `provider` is that of the
    evaluated model. At the least the answers are as long as those that are wanted."""
    graders = {grader.name: grader for grader in spec.graders}
    for name, judge in judges_of(spec, provider).items():
        settings, catalog = graders[name].settings, catalogs[judge]
        base, parameters = catalog.base(settings["model"]), settings.get("parameters") or {}
        prompt, encoding = settings["prompt"], encoding_of(base)
        own = _JUDGES_OWN_TOKENS + text_tokens(prompt, encoding, session.tokenizers.get(encoding))
        times = [prompt.count("{{" + word + "}}") for word in ("prompt", "wanted", "answer")]

        def shown(answer: Callable[[int], int], own: int = own, times: Sequence[int] = times) -> list[tuple[int, int]]:
            asked, wanted, answered = times
            told = ((asked * one + wanted * right + answered * answer(right)) for one, right in tokens)
            return [(own + count, _JUDGES_ANSWER_TOKENS) for count in told]

        low = asking_estimate(shown(lambda wanted: wanted), base, catalog, parameters, judge)
        most = shown(lambda wanted: max(wanted, longest_answer(wanted, spec.parameters)))
        yield replace(low, high=asking_estimate(most, base, catalog, parameters, judge).high)


def _is_known(session: Session, name: str, state: State, seen: Observation, step: Promote) -> bool:
    """Whether the state holds the verdict that this evaluation would come to."""
    record = state.models.get(step.model.name)
    if record is None or step.model_id is None or record.output != step.model_id:
        return False
    return eval_case(session, name, record, in_use(step.address.name, state, seen)).known(state) is not None


def _prepared(
    session: Session,
    name: str,
    model: DesiredModel,
    state: State,
    seen: Observation,
    step: Promote,
    is_known: bool,
) -> Prepared:
    spec, provider = session.project.evals[name], model.spec.provider
    rows = session.shelf.taken(spec.dataset, spec.limit, spec.seed).rows
    base = model.base.id if model.base is not None else model.base_model
    whom = opponents(spec, provider, base, step.model_id, in_use(step.address.name, state, seen))
    decided = case_digest(session, spec, provider, rows, ())
    if is_known:
        return Prepared(spec.dataset, rows_digest(rows), decided)
    tokens = asked_tokens(rows, model.encoding, session.tokenizers.get(model.encoding))
    sides = [(provider, base), *((one.provider, _priced_as(one, state)) for one in whom)]

    def at_prices_of(catalogs: Mapping[str, Catalog]) -> Estimate | None:
        models = _models_estimates(catalogs, spec, sides, tokens)
        return summed([*models, *judges_estimates(session, catalogs, spec, provider, tokens * len(sides))])

    own, others = at_prices_of(session.catalogs), session.catalogs_of_others
    elsewhere = at_prices_of(others) if others else None
    return Prepared(spec.dataset, rows_digest(rows), decided, own, elsewhere)


def _priced_as(whom: Opponent, state: State) -> str:
    return whom.model_id if whom.which == "base" else priced_as(whom.provider, whom.model_id, state)


def _models_estimates(
    catalogs: Mapping[str, Catalog],
    spec: EvalSpec,
    sides: Sequence[tuple[str, str]],
    tokens: Sequence[tuple[int, int]],
) -> Iterator[Estimate]:
    """What each provider's models cost that are priced alike."""
    for at, base in dict.fromkeys(sides):
        shown = [one for one in tokens for _ in range(sides.count((at, base)))]
        yield asking_estimate(shown, catalogs[at].base(base), catalogs[at], spec.parameters, at)
