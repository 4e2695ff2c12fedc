"""Problems, states and outputs as documents in Terraform's shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ftplan
from ftplan.core.attributes import remembered_alias, remembered_file, remembered_model
from ftplan.core.records import FileRecord, State
from ftplan.errors import Place, Problem
from ftplan.views.json_text import plain
from ftplan.views.style import clean_lines

FORMAT_VERSION = "1.0"


def diagnostic(problem: Problem) -> dict[str, Any]:
    """One problem as Terraform's diagnostics are shaped; advice and command stand at the end of the detail, and
    in keys of their own."""
    detail = "\n\n".join(part for part in (problem.detail, problem.advice, problem.command) if part)
    document: dict[str, Any] = {"severity": problem.severity, "summary": problem.summary, "detail": detail}
    if problem.rule:
        document["rule"] = problem.rule
    if problem.address:
        document["address"] = problem.address
    if problem.place is not None:
        document["range"] = _range(problem.place)
        if problem.place.excerpt is not None:
            document["snippet"] = _snippet(problem.place, problem.place.excerpt)
    if problem.advice:
        document["advice"] = problem.advice
    if problem.command:
        document["command"] = problem.command
    return document


def validate_document(problems: Iterable[Problem]) -> dict[str, Any]:
    """What `validate -json` prints."""
    known = list(problems)
    errors = sum(problem.severity == "error" for problem in known)
    return {
        "format_version": FORMAT_VERSION,
        "valid": not errors,
        "error_count": errors,
        "warning_count": len(known) - errors,
        "diagnostics": [diagnostic(problem) for problem in known],
    }


def state_document(state: State) -> dict[str, Any]:
    """What `show -json` prints of a state. Open intents stand under a key of our own."""
    outputs = output_document(model_outputs(state))
    resources = [resource(address, values) for address, values in state_resources(state)]
    return {
        "format_version": FORMAT_VERSION,
        "ftplan_version": ftplan.__version__,
        "serial": state.serial,
        "lineage": state.lineage,
        "values": {"outputs": outputs, "root_module": {"resources": resources}},
        "intents": [
            {"address": f"model.{i.name}", "provider_name": i.provider, "key": i.key, "created_at": i.created_at}
            for i in state.intents.values()
        ],
    }


def output_document(outputs: Mapping[str, str | None]) -> dict[str, Any]:
    """What `output -json` prints: the value of a model is its id at the provider, null until it exists."""
    return {name: {"sensitive": False, "type": "string", "value": value} for name, value in sorted(outputs.items())}


def model_outputs(state: State) -> dict[str, str | None]:
    """The id of each remembered model, None until its training is done, and that of what each alias stands for."""
    models = {name: record.output for name, record in sorted(state.models.items())}
    return {**models, **{name: alias.now.model_id for name, alias in sorted(state.aliases.items())}}


def resource(address: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """One managed thing as Terraform lists them."""
    kind, _, name = address.partition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": str(values.get("provider", "")),
        "schema_version": 0,
        "values": plain(values),
        "sensitive_values": {},
    }


def state_resources(state: State) -> list[tuple[str, dict[str, Any]]]:
    """Everything remembered with its attributes, by address. A file no dataset means any more goes by its id."""
    files = [(address, remembered_file(f)) for f in state.files.values() for address in file_addresses(f)]
    models = [(f"model.{name}", remembered_model(record)) for name, record in state.models.items()]
    aliases = [(f"alias.{name}", remembered_alias(record)) for name, record in state.aliases.items()]
    return [*sorted(files, key=lambda item: (item[0], item[1]["provider"])), *sorted(models), *sorted(aliases)]


def file_addresses(record: FileRecord) -> list[str]:
    """The addresses that mean this file."""
    return [f"dataset.{name}" for name in record.datasets] or [f"file.{record.id}"]


def _range(place: Place) -> dict[str, Any]:
    line, column = place.line or 1, place.column or 1
    end = column + max(len(_excerpt(place.excerpt or "")) - column + 1, 0)
    return {
        "filename": place.path,
        "start": {"line": line, "column": column, "byte": 0},
        "end": {"line": line, "column": end, "byte": 0},
    }


def _snippet(place: Place, excerpt: str) -> dict[str, Any]:
    code = _excerpt(excerpt)
    start = min((place.column or 1) - 1, len(code))
    return {
        "context": None,
        "code": code,
        "start_line": place.line or 1,
        "highlight_start_offset": start,
        "highlight_end_offset": len(code),
        "values": [],
    }


def _excerpt(excerpt: str) -> str:
    return clean_lines(excerpt, 200)[0]


def aliases_document(state: State) -> dict[str, Any]:
    """What applications are told: the aliases with what they stand for, and the models."""
    return {
        "version": 1,
        "project": state.project,
        "aliases": {
            name: {
                "model": alias.now.model,
                "provider": alias.now.provider,
                "id": alias.now.model_id,
                "since": alias.now.since,
            }
            for name, alias in sorted(state.aliases.items())
        },
        "models": {
            name: {"provider": record.provider, "id": record.output}
            for name, record in sorted(state.models.items())
            if record.output is not None
        },
    }
