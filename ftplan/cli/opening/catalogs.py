"""The catalogs that a run reckons with: built in or of a plug-in, under the company's word, under the project's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ftplan.config import Overrides, load_overrides
from ftplan.core.catalog import Catalog
from ftplan.core.override import CatalogOverride
from ftplan.core.recipe import digest
from ftplan.core.spec import Project
from ftplan.errors import ConfigError, Problem
from ftplan.providers.catalog import BUILT_IN, KNOWN_ONLY, all_catalogs, known_types, load_catalog
from ftplan.providers.override import overridden, unknown_types
from ftplan.providers.registry import undriven

COMPANY_FILE = "FTPLAN_CATALOG"


def company_overrides(environ: Mapping[str, str]) -> Overrides:
    """What the file says that FTPLAN_CATALOG names; nothing where it names none. Raises `ConfigError`."""
    name = environ.get(COMPANY_FILE, "")
    found = load_overrides(Path(name)) if name else Overrides()
    if found.problems:
        raise ConfigError(found.problems)
    return found


def under_company(project: Project, company: Overrides) -> Project:
    """The project as its company has it: its own word goes over the company's, and a plan that was saved is bound to
    both."""
    if not company.said:
        return project
    both = digest([project.digest, company.digest])
    return replace(project, catalog=(*company.said, *project.catalog), digest=both)


def project_catalogs(project: Project) -> dict[str, Catalog]:
    """What is known of each provider's type, by the provider's name. Raises `ConfigError` with every type that nobody
    knows, or that ftplan cannot train at, and everything that is wrong with an override."""
    problems: list[Problem] = []
    found: dict[str, Catalog] = {}
    overridden_types = _overridden(project.catalog, problems)
    for name, spec in project.providers.items():
        refusal = undriven(spec)
        try:
            found[name] = overridden_types.get(spec.type) or load_catalog(spec.type)
        except ConfigError as error:
            problems += [replace(problem, place=problem.place or spec.place) for problem in error.problems]
        problems += [refusal] if refusal else []
    if problems:
        raise ConfigError(problems)
    return found


def catalogs_of_others(project: Project, company: Overrides) -> dict[str, Catalog]:
    """As `project_catalogs`, without the word of the project itself; empty where it says none."""
    return project_catalogs(replace(project, catalog=tuple(company.said))) if project.catalog else {}


def every_catalog(overrides: Iterable[CatalogOverride]) -> dict[str, Catalog]:
    """Every catalog there is by its type, overridden. Raises `ConfigError`."""
    problems: list[Problem] = []
    found = _overridden(tuple(overrides), problems)
    if problems:
        raise ConfigError(problems)
    return {catalog.type: found.get(catalog.type, catalog) for catalog in all_catalogs()}


def _overridden(overrides: tuple[CatalogOverride, ...], problems: list[Problem]) -> dict[str, Catalog]:
    """The catalogs that something is said over, by type. What is wrong is added to `problems`."""
    types = dict.fromkeys(one.type for one in overrides)
    own = (*BUILT_IN, *KNOWN_ONLY)
    # Which plug-ins there are takes 20 ms to find out, and is asked only where it matters.
    known = own if types.keys() <= set(own) else known_types()
    problems += unknown_types(overrides, known)
    found = {}
    for type in types:
        if type in known:
            found[type], wrong = overridden(load_catalog(type), overrides)
            problems += wrong
    return found
