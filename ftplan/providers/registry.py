"""Which provider types there are, and how one is opened. ftplan's own types cannot be replaced by a plug-in of the
same name: a package installed for something else must not get to see the key."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from ftplan.core.facts import Catalog
from ftplan.core.ports import CALL_TIMEOUT_SECONDS, Provider
from ftplan.core.spec import ProviderSpec
from ftplan.errors import ConfigError
from ftplan.providers.catalog import load_catalog, unknown_type
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


def open_provider(
    spec: ProviderSpec,
    *,
    environ: Mapping[str, str],
    base_url: str | None = None,
    call_seconds: float = CALL_TIMEOUT_SECONDS,
) -> Provider:
    """The service `spec` declares, not asked anything yet. `base_url` is the address of a sandbox we started
    ourselves. Raises `ConfigError` for a type that nobody knows or that cannot be loaded."""
    opened = _provider_type(spec)
    catalog = load_catalog(spec.type)
    return opened(connection(spec, catalog, environ, base_url, call_seconds), catalog)


def _provider_type(spec: ProviderSpec) -> ProviderType:
    if spec.type in _BUILT_IN:
        module, _, name = _BUILT_IN[spec.type].partition(":")
        return cast(ProviderType, getattr(import_module(module), name))
    plugin = load_plugin(PROVIDERS, spec.type, spec.place)
    if plugin is None:
        raise ConfigError(unknown_type(spec.type, provider_types(), spec.place))
    return cast(ProviderType, plugin)
