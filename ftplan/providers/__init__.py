"""Who trains: one module per service, one TOML table per service's prices and dates.

`open_provider` gives the service a project declares; `load_catalog` what is known of it without asking. Nothing here
asks for a key or a network until a provider is first used. A new service is a module with a class called like
`ProviderType`, named under the entry point group `ftplan.providers`, its catalog under `ftplan.catalogs`.
"""

from ftplan.providers.catalog import (
    Limits,
    all_catalogs,
    catalog_types,
    known_types,
    load_catalog,
    load_limits,
    read_catalog,
)
from ftplan.providers.connection import Connection, connection
from ftplan.providers.override import overridden
from ftplan.providers.registry import ProviderType, open_provider, provider_types

__all__ = [
    "Connection",
    "Limits",
    "ProviderType",
    "all_catalogs",
    "catalog_types",
    "connection",
    "known_types",
    "load_catalog",
    "load_limits",
    "open_provider",
    "overridden",
    "provider_types",
    "read_catalog",
]
