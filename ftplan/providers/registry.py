"""Which provider types there are, and how one is opened. ftplan's own types cannot be replaced by a plug-in of the
same name: a package installed for something else must not get to see the key."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from ftplan.core.catalog import Catalog
from ftplan.core.ports import CALL_TIMEOUT_SECONDS, Provider
from ftplan.core.spec import ProviderSpec
from ftplan.errors import ConfigError, Problem
from ftplan.providers.catalog import KNOWN_ONLY, load_catalog, unknown_type
from ftplan.providers.connection import Connection, connection
from ftplan.providers.plugins import PROVIDERS, load_plugin, plugin_names

_BUILT_IN = {
    "openai": "ftplan.providers.openai:OpenAIProvider",
    "sandbox": "ftplan.providers.openai:OpenAIProvider",
}


class ProviderType(Protocol):
    """What an entry point of the group `ftplan.providers` names: called once per provider of the project. It must not
    use the network, and must raise `connection.refusal` as `NotAllowed` before its first request."""

    def __call__(self, connection: Connection, catalog: Catalog) -> Provider: ...


def provider_types() -> tuple[str, ...]:
    """Every type that can be opened: those of ftplan first, then those of plug-ins."""
    return (*_BUILT_IN, *(name for name in plugin_names(PROVIDERS) if name not in _BUILT_IN))


def undriven(spec: ProviderSpec) -> Problem | None:
    """Why ftplan cannot train at a service that it has a catalog of; None where it can, or knows nothing of it."""
    if spec.type not in KNOWN_ONLY or spec.type in plugin_names(PROVIDERS):
        return None
    return Problem(
        "Provider not built in yet",
        f"{spec.name}: ftplan knows the prices and dates of {spec.type!r}, and cannot train there yet.",
        spec.place,
        advice=f"Types it can train at: {', '.join(provider_types())}. What it knows is shown by:",
        command=f"ftplan providers {spec.type}",
    )


def open_provider(
    spec: ProviderSpec,
    *,
    environ: Mapping[str, str],
    base_url: str | None = None,
    call_seconds: float = CALL_TIMEOUT_SECONDS,
    catalog: Catalog | None = None,
) -> Provider:
    """The service `spec` declares, not asked anything yet. `base_url` is the address of a sandbox we started
    ourselves, `catalog` that of its type as it is overridden. Raises `ConfigError` for a type that nobody knows or that
    cannot be loaded."""
    opened = _provider_type(spec)
    catalog = catalog or load_catalog(spec.type)
    return opened(connection(spec, catalog, environ, base_url, call_seconds), catalog)


def _provider_type(spec: ProviderSpec) -> ProviderType:
    if spec.type in _BUILT_IN:
        module, _, name = _BUILT_IN[spec.type].partition(":")
        return cast(ProviderType, getattr(import_module(module), name))
    plugin = load_plugin(PROVIDERS, spec.type, spec.place)
    refusal = undriven(spec) if plugin is None else None
    if refusal is not None:
        raise ConfigError(refusal)
    if plugin is None:
        raise ConfigError(unknown_type(spec.type, provider_types(), spec.place))
    return cast(ProviderType, plugin)
