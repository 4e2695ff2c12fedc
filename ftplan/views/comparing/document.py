"""A comparison as one JSON document, as schemas/comparison.schema.json publishes it."""

from __future__ import annotations

from typing import Any

from ftplan.core.comparing.comparison import Comparison, Savings, Side, is_right, mean_tokens
from ftplan.views.json_text import plain


def comparison_document(found: Comparison) -> dict[str, Any]:
    """Everything that was asked and answered, with the figures of each side."""
    return {
        "format_version": "1.0",
        "dataset": found.dataset,
        "rows_of_dataset": found.of,
        "seed": found.seed,
        "parameters": plain(dict(found.parameters)),
        "rehearsal": found.rehearsal,
        "sides": [_side(found, side) for side in found.sides],
        "savings": _savings(found.savings) if found.savings is not None else None,
        "rows": [_row(found, number) for number in range(len(found.rows))],
    }


def _side(found: Comparison, side: Side) -> dict[str, Any]:
    means = mean_tokens(side)
    return {
        "label": side.label,
        "provider": side.provider,
        "model": side.model_id,
        "as_wanted": found.right(side),
        "graded": found.graded,
        "mean_prompt_tokens": means[0] if means else None,
        "mean_completion_tokens": means[1] if means else None,
        "answered_before": side.kept,
        "cost": None if side.cost is None else float(side.cost),
    }


def _savings(saved: Savings) -> dict[str, Any]:
    return {
        "shorter": saved.shorter,
        "prompt_tokens": {"before": saved.long_prompt, "now": saved.short_prompt},
        "completion_tokens": {"before": saved.long_answer, "now": saved.short_answer},
        "cost_of_thousand": {"before": _amount(saved.long), "now": _amount(saved.short)},
        "training": _amount(saved.training),
        "break_even_requests": saved.break_even,
    }


def _amount(amount: Any) -> float | None:
    return None if amount is None else float(amount)


def _row(found: Comparison, number: int) -> dict[str, Any]:
    row = found.rows[number]
    answers = [side.answers[number] for side in found.sides]
    return {
        "line": row.line,
        "messages": plain([dict(message) for message in row.messages]),
        "wanted": plain(dict(row.wanted)) if row.wanted is not None else None,
        "answers": [
            {
                "text": answer.text,
                "tool_calls": plain([dict(call) for call in answer.tool_calls]),
                "finish_reason": answer.finish_reason,
                "prompt_tokens": answer.prompt_tokens,
                "completion_tokens": answer.completion_tokens,
                "cached_tokens": answer.cached_tokens,
                "as_wanted": is_right(row, answer),
            }
            for answer in answers
        ],
    }
