"""A model that is evaluated before it is called `prod`."""

from __future__ import annotations

import json
from typing import Any

from workbench import Workbench, chats, model

CHAT = "/v1/chat/completions"


def evaluated(
    bench: Workbench,
    threshold: float = 0.5,
    *,
    epochs: int = 1,
    rows: int = 10,
    budget: dict[str, Any] | None = None,
    providers: dict[str, Any] | None = None,
    checkpoint: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    **spec: Any,
) -> None:
    """Declares a model that answers as it was taught, and what it has to answer to be called `prod`. The sandbox's
    tuned models repeat the nearest row: what they were taught, asked in other words, is answered rightly."""
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"))
    bench.rows("rows.jsonl", count=rows)
    asked = chats(count=rows)
    for row in asked:
        row["messages"][0]["content"] = "Please: " + row["messages"][0]["content"]
    bench.write("asked.jsonl", "".join(json.dumps(row) + "\n" for row in asked))
    given = {"dataset": "asked", "grader": {"type": "exact"}, "thresholds": {"score": threshold}, **spec}
    more = {"checkpoint": checkpoint} if checkpoint else {}
    bench.declare(
        {"bot": model(epochs=epochs, provider="trainer", **more)},
        {"rows": {"path": "rows.jsonl"}, "asked": {"path": "asked.jsonl"}},
        evals={"accuracy": given},
        aliases={"prod": {"model": "bot", "requires": ["eval.accuracy"]}},
        budget=budget or {},
        **({"providers": providers} if providers else {}),
        **({"catalog": catalog} if catalog else {}),
    )


def now(bench: Workbench) -> str | None:
    return next((str(alias["now"]["model_id"]) for alias in bench.state["aliases"]), None)


def questions(bench: Workbench) -> int:
    return len(bench.requests("POST", CHAT))
