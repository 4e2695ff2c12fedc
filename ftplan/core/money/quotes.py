"""What a paid call is expected to cost, as the ledger keeps it, and whether it was this project that made one."""

from __future__ import annotations

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.desired import DesiredModel
from ftplan.core.entries import Quote, Tariff
from ftplan.core.facts import RemoteJob
from ftplan.core.money.cost import estimate
from ftplan.core.recipe import MARK_ADDRESS, MARK_FINGERPRINT, MARK_KEY, MARK_PROJECT, call_key
from ftplan.core.spec import Project
from ftplan.core.steps import Estimate

MOST_ATTEMPTS = 100


def quote(model: DesiredModel, catalog: Catalog, known: Estimate | None = None) -> Quote:
    """What training `model` is expected to cost: as the plan had it in `known`, or as reckoned now."""
    reckoned = known or estimate(model, catalog)
    return Quote(
        base_model=model.base.id if model.base else model.base_model,
        tokens=None if reckoned.counted is None else reckoned.tokens,
        counted_tokens=reckoned.counted,
        low=reckoned.low,
        high=reckoned.high,
        exact_epochs=reckoned.exact_epochs,
        capped=reckoned.reckoning.cut > 0,
        tariff=_tariff(model.base, catalog),
    )


def quote_of_base(base_model: str, catalog: Catalog) -> Quote:
    """The price alone, for a job whose dataset nobody knows any more."""
    base = catalog.base(base_model)
    return Quote(base_model=base.id if base else base_model, tariff=_tariff(base, catalog))


def _tariff(base: BaseModel | None, catalog: Catalog) -> Tariff:
    per_million, per_hour = (base.train_per_million, base.train_per_hour) if base else (None, None)
    return Tariff(per_million, per_hour, catalog.priced_as_of(base.id if base else ""), catalog.rehearsal)


def call_of(project: Project, job: RemoteJob) -> tuple[int, str] | None:
    """The attempt and the key of the paid call of `project` that started `job`; None where it was not one. The key
    holds the attempt, as a hash does."""
    mark = job.metadata.get(MARK_FINGERPRINT, "")
    address = job.metadata.get(MARK_ADDRESS, "")
    given = job.metadata.get(MARK_KEY) or None
    for attempt in range(1, MOST_ATTEMPTS):
        key = call_key(project.name, project.workspace, address, mark, attempt)
        if given in (None, key):
            return attempt, key
    return None


def paid_here(project: Project, job: RemoteJob) -> bool:
    """Whether `project` has paid for `job`, as far as its marks say; a job without any is whose it is said to be."""
    if MARK_PROJECT not in job.metadata:
        return True
    return job.metadata[MARK_PROJECT] == project.name and call_of(project, job) is not None
