"""Models by their names for programs: what `ftplan.model` gives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ftplan.cli.opening.storage import stored
from ftplan.core.bases import base_of, priced_as
from ftplan.core.nearness import did_you_mean
from ftplan.core.records import State
from ftplan.errors import FtplanError, Problem


@dataclass(frozen=True, slots=True)
class Model:
    """A model to use. `id` is what the provider's API takes, and what `str` gives; `name` the model's own, `alias` the
    alias it was asked for by; `base_model` is empty where nothing says it. `base_url` is the address of the service
    where the YAML or the environment names one."""

    id: str
    name: str
    provider: str
    base_model: str
    alias: str | None = None
    base_url: str | None = None

    def __str__(self) -> str:
        return self.id


def model(name: str, folder: str | os.PathLike[str] = ".") -> Model:
    """The model that goes by `name`, an alias' or its own, in the project of `folder`. Reads the state wherever it is
    kept, and nothing else: no dataset, no provider, and it needs no provider's key. Raises `FtplanError`."""
    state, services = stored(Path(folder))
    return _found(name, state, {key: service.base_url for key, service in services.items()})


def _found(asked: str, state: State, services: dict[str, str | None]) -> Model:
    kind, dot, rest = asked.partition(".")
    name = rest if dot and kind in ("alias", "model") else asked
    alias = None if dot and kind == "model" else state.aliases.get(name)
    if alias is not None:
        now = alias.now
        named = priced_as(now.provider, now.model_id, state)
        base = named if named != now.model_id else ""
        return Model(now.model_id, now.model, now.provider, base, name, services.get(now.provider))
    record = state.models.get(name)
    if record is None:
        advice = did_you_mean(name, sorted({*state.aliases, *state.models}))
        raise FtplanError(Problem("Unknown model", f"No alias and no model is called {asked[:80]!r}.", advice=advice))
    if record.output is None:
        detail = f"model.{name} has none yet: its job is {record.job.phase.value}."
        raise FtplanError(Problem("No model yet", detail))
    return Model(record.output, name, record.provider, base_of(record), None, services.get(record.provider))
