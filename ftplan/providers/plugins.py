"""What other packages bring: entry points, looked up only when a type is none of ftplan's own."""

from __future__ import annotations

from typing import Any

from ftplan.errors import ConfigError, Place, Problem

PROVIDERS = "ftplan.providers"
CATALOGS = "ftplan.catalogs"


def plugin_names(group: str) -> tuple[str, ...]:
    """The names that installed packages claim in `group`."""
    # 20 to 40 ms to import, and more to read every installed package's metadata.
    from importlib.metadata import entry_points

    return tuple(sorted({point.name for point in entry_points(group=group)}))


def load_plugin(group: str, name: str, place: Place | None = None) -> Any:
    """What the plug-in called `name` points to, None where there is none. Raises `ConfigError` when it breaks."""
    from importlib.metadata import entry_points

    point = next(iter(entry_points(group=group, name=name)), None)
    try:
        return point.load() if point else None
    except Exception as error:  # a plug-in may fail in any way it likes while it is imported
        detail = f"The plug-in for type {name!r} cannot be loaded: {type(error).__name__}: {error}"
        advice = "Update or reinstall the package that brings it."
        raise ConfigError(Problem("Broken plug-in", detail, place=place, advice=advice)) from error
