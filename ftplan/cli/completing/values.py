"""What an option or an argument can be given, where that is known: names from the YAML, addresses from the state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ftplan.config.outline import Outline
    from ftplan.core.records import State

Word = tuple[str, str]
# What no shell makes more of than what it is. A name with anything else in it is not offered.
_HARMLESS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,:/+=-]*")


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something is typed: the command (`state show`), its folder, and what it was given already."""

    command: str
    folder: Path
    given: tuple[str, ...] = ()


Source = Callable[[Scene], Iterable[Word]]


def option_values(scene: Scene, name: str) -> Iterator[Word]:
    """What the option called `name` can be given; nothing where nobody knows."""
    return _harmless(OPTIONS[name](scene)) if name in OPTIONS else iter(())


def argument_values(scene: Scene, name: str) -> Iterator[Word]:
    """What the argument called `name` can be; what was given already is not offered again."""
    source = ARGUMENTS.get(f"{scene.command} {name}") or ARGUMENTS.get(name)
    return (word for word in _harmless(source(scene)) if word[0] not in scene.given) if source else iter(())


def _harmless(words: Iterable[Word]) -> Iterator[Word]:
    return (word for word in words if _HARMLESS.fullmatch(word[0]))


def _outline(scene: Scene) -> Outline:
    from ftplan.config.outline import outline

    return outline(scene.folder)


def _state(scene: Scene) -> State | None:
    """What is remembered; None where there is no state, or none that can be read."""
    from ftplan.backends.local import LocalBackend
    from ftplan.core.keeping.codec import decode_state
    from ftplan.errors import FtplanError

    path = _outline(scene).state
    try:
        blob = LocalBackend(scene.folder / path).load() if path else None
        return decode_state(blob.data, "") if blob else None
    except FtplanError:
        return None


def _declared(scene: Scene) -> Iterator[Word]:
    found = _outline(scene)
    yield from ((f"dataset.{name}", "declared") for name in found.datasets)
    yield from ((f"model.{name}", "declared") for name in found.models)
    yield from ((f"alias.{name}", "declared") for name in found.aliases)


def _remembered(scene: Scene) -> Iterator[Word]:
    from ftplan.cli.remembering.state import addresses

    state = _state(scene)
    return ((address, "in the state") for address in (addresses(state) if state else ()))


def _known(scene: Scene) -> Iterable[Word]:
    """What is declared or remembered, each once."""
    return {**dict(_remembered(scene)), **dict(_declared(scene))}.items()


def _models(scene: Scene) -> Iterator[Word]:
    return (word for word in _known(scene) if word[0].startswith("model."))


def _remembered_models(scene: Scene) -> Iterator[Word]:
    return (word for word in _remembered(scene) if word[0].startswith("model."))


def _aliases(scene: Scene) -> Iterable[Word]:
    """The aliases that are declared or in the state, each once."""
    state = _state(scene)
    remembered = dict.fromkeys(state.aliases if state else (), "in the state")
    return {**remembered, **dict.fromkeys(_outline(scene).aliases, "declared")}.items()


def _evals(scene: Scene) -> Iterable[Word]:
    return ((name, "declared") for name in _outline(scene).evals)


def _names(scene: Scene) -> Iterator[Word]:
    return ((address.removeprefix("model."), remark) for address, remark in _models(scene))


def _in_doubt(scene: Scene) -> Iterator[Word]:
    state = _state(scene)
    return ((f"model.{name}", "a paid call in doubt") for name in (state.intents if state else ()))


def _variables(scene: Scene) -> Iterator[Word]:
    return ((f"{name}=", "a variable") for name in _outline(scene).variables)


def _rules(_: Scene) -> Iterator[Word]:
    from ftplan.core.gates.refusal import PASSABLE

    return ((name, "") for name in PASSABLE)


def _row_rules(_: Scene) -> Iterator[Word]:
    from ftplan.datasets.rows.rules import WARNINGS

    return ((f"{name}={level}", "") for name in sorted(WARNINGS) for level in ("error", "warning", "off"))


def _trainable(_: Scene) -> Iterator[Word]:
    from ftplan.providers.registry import provider_types

    return ((name, "") for name in provider_types())


def _catalogs(_: Scene) -> Iterator[Word]:
    from ftplan.providers.catalog import known_types

    return ((name, "") for name in known_types())


def _base_models(_: Scene) -> Iterator[Word]:
    from ftplan.providers.catalog import BUILT_IN, KNOWN_ONLY, load_catalog

    for catalog in map(load_catalog, (*BUILT_IN, *KNOWN_ONLY)):
        yield from ((name, catalog.title) for name in catalog.models)


def _schemas(_: Scene) -> Iterator[Word]:
    from ftplan.config.schema import names

    return ((name, "") for name in names())


def _hosts(_: Scene) -> Iterator[Word]:
    from ftplan.views.markdown.comment import LIMITS

    return ((name, f"{limit:,} characters") for name, limit in LIMITS.items())


def _fixed(*words: str) -> Source:
    return lambda _: ((word, "") for word in words)


# By the name of the parameter; what a type tells by itself (a choice, a file) needs no line.
OPTIONS: Mapping[str, Source] = {
    "allow": _rules,
    "base_model": _base_models,
    "evaluation": _evals,
    "excludes": _known,
    "host": _fixed("127.0.0.1", "localhost"),
    "levels": _row_rules,
    "markdown_limit": _hosts,
    "provider": _trainable,
    "ray": _fixed("local", "auto"),
    "replace": _models,
    "targets": _known,
    "variables": _variables,
}
# By the name of the argument, and of the command before it where the name alone does not tell.
ARGUMENTS: Mapping[str, Source] = {
    "cancel address": _remembered_models,
    "lineage id": _names,
    "logs address": _remembered_models,
    "checkpoints address": _remembered_models,
    "compare address": _remembered_models,
    "metrics addresses": _remembered_models,
    "output name": _names,
    "pause address": _remembered_models,
    "promote alias": _aliases,
    "providers type": _catalogs,
    "resolve address": _in_doubt,
    "resume address": _remembered_models,
    "rollback alias": _aliases,
    "schema name": _schemas,
    "state list patterns": _remembered,
    "state show address": _remembered,
    "watch addresses": _remembered_models,
}
