"""The checksum of a plan: what a review is about, in 64 characters that a pipeline can carry to the apply."""

from __future__ import annotations

import re

from ftplan.core.keeping.codec import encode_step
from ftplan.core.keeping.plain import to_plain
from ftplan.core.plan import Plan
from ftplan.core.recipe import digest
from ftplan.core.steps import Forget

_MEANING, _PART = 32, 8
_CHECKSUM = re.compile(rf"[0-9a-f]{{{_MEANING + 4 * _PART}}}")


def plan_checksum(plan: Plan) -> str:
    """64 hexadecimal digits; empty for a plan that is refused, of which nothing may be applied.

    Plans mean the same exactly where the first 32 are the same: the same steps, with the same bill, at the same
    services, whenever and wherever they were made. The rest says in four parts what they were made of, so that a plan
    that means something else can be told where the difference comes from.
    """
    if plan.errors:
        return ""
    return _meaning(plan) + "".join(_parts(plan).values())


def is_checksum(text: str) -> bool:
    """Whether `text` is written as a checksum is."""
    return _CHECKSUM.fullmatch(text) is not None


def means(plan: Plan, checksum: str) -> bool:
    """Whether `plan` does what the plan with this checksum would have done."""
    return is_checksum(checksum) and checksum[:_MEANING] == _meaning(plan)


def moved_since(plan: Plan, checksum: str) -> tuple[str, ...]:
    """What `plan` was made of that the plan with this checksum was not, in words. Where none of it moved, what is left
    are the providers' answers and the prices."""
    parts = _parts(plan)
    then = [checksum[start : start + _PART] for start in range(_MEANING, len(checksum), _PART)]
    return tuple(name for (name, now), before in zip(parts.items(), then, strict=True) if now != before)


def _meaning(plan: Plan) -> str:
    # What is forgotten is forgotten here: no provider hears of it.
    used = {step.provider for step in plan.steps if not isinstance(step, Forget)}
    services = {name: to_plain(service) for name, service in plan.services.items() if name in used}
    meant = [plan.mode, plan.project, plan.workspace, [encode_step(step) for step in plan.steps], services]
    return digest(meant)[:_MEANING]


def _parts(plan: Plan) -> dict[str, str]:
    made_of = {
        "the configuration or a variable": plan.config_digest,
        "a dataset": dict(plan.dataset_digests),
        "the state": [plan.lineage, plan.serial],
        "the address of a provider": {name: to_plain(service) for name, service in plan.services.items()},
    }
    return {name: digest(value)[:_PART] for name, value in made_of.items()}
