"""A saved plan in the few figures that a pipeline's next steps ask for."""

from __future__ import annotations

from ftplan.core.keeping.checksum import plan_checksum
from ftplan.core.plan import Bill, Plan
from ftplan.views.json_text import json_text


def github_outputs(plan: Plan) -> str:
    """Lines for the file GITHUB_OUTPUT. `cost` is the upper end in USD, empty where nobody knows it."""
    told = {
        "changes": "true" if plan.steps or plan.withheld else "false",
        "cost": _dollars(plan.bill),
        "destroys": str(plan.totals()[2]),
        "checksum": plan_checksum(plan),
    }
    return "\n".join(f"{name}={value}" for name, value in told.items())


def gitlab_report(plan: Plan) -> str:
    """The JSON of GitLab's report type `terraform`, whose widget counts what a merge request changes."""
    add, change, destroy = plan.totals()
    return json_text({"create": add, "update": change, "delete": destroy})


def _dollars(bill: Bill | None) -> str:
    if bill is None:
        return "0"
    return "" if bill.unpriced else f"{bill.high.normalize():f}"
