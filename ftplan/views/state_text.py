"""What is remembered, as a person reads it: blocks in Terraform's grammar, and the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.views.json_documents import state_resources
from ftplan.views.plan_attributes import value_text
from ftplan.views.style import Style, clean, quoted


def render_state(state: State, style: Style | None = None) -> str:
    """Everything remembered, ending in a newline."""
    look = style or Style()
    blocks = [_block(address, values, look) for address, values in state_resources(state)]
    blocks += [_intent(name, state, look) for name in sorted(state.intents)]
    return "\n\n".join(blocks) + "\n" if blocks else "The state is empty: nothing is managed.\n"


def render_record(address: Address, state: State, style: Style | None = None) -> str | None:
    """What is remembered under `address`, ending in a newline; None where nothing is."""
    look = style or Style()
    blocks = [_block(name, values, look) for name, values in state_resources(state) if name == str(address)]
    if address.kind == "model" and address.name in state.intents:
        blocks.append(_intent(address.name, state, look))
    return "\n\n".join(blocks) + "\n" if blocks else None


def render_outputs(outputs: Mapping[str, str | None]) -> str:
    """The id of each model, `null` until it exists; empty for no models."""
    width = max((len(clean(name)) for name in outputs), default=0)
    lines = [f"{clean(name):<{width}} = {value_text(name, value)}" for name, value in sorted(outputs.items())]
    return "\n".join([*lines, ""]) if lines else ""


def _block(address: str, values: Mapping[str, Any], style: Style) -> str:
    kind, _, name = address.partition(".")
    head = [style.bold(f"# {clean(address)}:"), f"{clean(kind)} {quoted(name)} {{"]
    return "\n".join([*head, *_lines(values), "}"])


def _lines(values: Mapping[str, Any], indent: str = "    ") -> list[str]:
    rows = {clean(key, 80): values[key] for key in sorted(values)}
    width = max((len(key) for key in rows), default=0)
    lines: list[str] = []
    for key, value in rows.items():
        head = f"{indent}{key:<{width}} = "
        if isinstance(value, Mapping) and value:
            lines += [f"{head}{{", *_lines(value, indent + "    "), f"{indent}}}"]
        else:
            lines.append(head + _whole(key, value))
    return lines


def _whole(name: str, value: Any) -> str:
    """A value with its hash in full: whoever looks at the state may need to compare it."""
    return quoted(value) if isinstance(value, str) else value_text(name, value)


def _intent(name: str, state: State, style: Style) -> str:
    """A paid call that was about to be made when a run ended: the next apply looks for its job first."""
    intent = state.intents[name]
    values = {
        "provider": intent.provider,
        "key": intent.key,
        "attempt": intent.attempt,
        "created_at": intent.created_at,
    }
    head = style.bold(f"# model.{clean(name)}: (a job may have been started; the next apply looks for it)")
    return "\n".join([head, f"intent {quoted(name)} {{", *_lines(values), "}"])
