"""What an owner reckons with in the place of a catalog that ftplan or a plug-in ships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftplan.errors import Place


@dataclass(frozen=True, slots=True)
class CatalogOverride:
    """What one file says in the place of the catalog of a type of provider: `values` for the whole service, and those
    of each of its models by their names, as the fields of Catalog and BaseModel are called. `places` says where each
    stands, by its path below the type.
    """

    type: str
    values: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[tuple[str, ...], Place] = field(default_factory=dict)
