"""One project, understood: the configuration read, its datasets measured, its providers opened, its state found."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ftplan.cli.opening.catalogs import catalogs_of_others, company_overrides, project_catalogs, under_company
from ftplan.cli.opening.logs import logged, open_log
from ftplan.cli.opening.measuring import Reading, measure_datasets, with_tokenizers
from ftplan.cli.opening.shelf import Shelf
from ftplan.cli.opening.storage import backend_of, load_state, new_state, services_of
from ftplan.cli.opening.supplying import open_supply
from ftplan.cli.opening.watching import watching
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request
from ftplan.cli.talking.patience import call_seconds
from ftplan.config import find_config, load_project
from ftplan.core.catalog import Catalog
from ftplan.core.desired import Desired, resolve
from ftplan.core.facts import DatasetFacts, Encoding, Format
from ftplan.core.plan import Service
from ftplan.core.ports import Provider
from ftplan.core.records import State
from ftplan.core.spec import Address, MethodKind, Project
from ftplan.core.stores import StateStore
from ftplan.errors import ConfigError, FtplanError, Problem
from ftplan.providers.registry import open_provider

SANDBOX_FILE = ".ftplan/sandbox.sqlite3"


@dataclass(frozen=True, slots=True)
class Session:
    """A project and everything around it. `problems` are those of its datasets: errors make a plan impossible."""

    project: Project
    providers: Mapping[str, Provider]
    catalogs: Mapping[str, Catalog]
    datasets: Mapping[str, DatasetFacts]
    backend: StateStore
    shelf: Shelf
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = field(default=())
    services: Mapping[str, Service] = field(default_factory=dict)
    tokenizers: Mapping[Encoding, bytes] = field(default_factory=dict)
    catalogs_of_others: Mapping[str, Catalog] = field(default_factory=dict)
    # The code of functions that grade, as it was when it was first looked at: that is what a plan was made with.
    code: dict[str, str] = field(default_factory=dict)

    def load_state(self) -> tuple[State, str | None]:
        """The state and its tag; a new one, not stored yet, where there is none. Raises `StateError` for one that
        cannot be used."""
        return load_state(self.backend, self.project)

    def provider(self, name: str, why: str) -> Provider:
        """The provider called `name`. Raises `FtplanError`, which says `why` it is needed, where it is not declared."""
        if name not in self.providers:
            detail, advice = f"{why} {name}, which is declared no more.", "Declare it under that name again."
            raise FtplanError(Problem("Provider is not declared", detail, advice=advice))
        return self.providers[name]

    def new_state(self) -> State:
        """A state that holds nothing and was never stored; its lineage is made when it first is."""
        return new_state(self.project)

    def resolve(self, state: State, replaced: Collection[Address] = ()) -> Desired:
        """What is wanted, worked out against `state`; what is `replaced` is wanted as declared, whatever changes are
        ignored. Raises `ConfigError` with every problem there is."""
        # A project without a name is called like its folder, which another checkout may call otherwise.
        project = replace(self.project, name=state.project)
        again = {address.name for address in replaced}
        remembered = {name: record.recipe for name, record in state.models.items() if name not in again}
        desired, cycles = resolve(project, {**_unmeasured(project), **self.datasets}, self.catalogs, remembered)
        refused = [p for model in desired.models for p in self.providers[model.spec.provider].validate(model)]
        errors = [problem for problem in (*self.problems, *cycles, *refused) if problem.severity == "error"]
        if errors:
            raise ConfigError([*errors, *self.warnings])
        return replace(desired, catalogs_of_others=self.catalogs_of_others)


@contextmanager
def open_session(
    request: Request, *, online: bool, measured: bool = True, console: Console | None = None
) -> Iterator[Session]:
    """The project in this folder. `online` starts the embedded sandbox where a provider is one; `measured` reads the
    datasets, as `console` shows. Raises `ConfigError` with every problem of the configuration."""
    path = find_config(Path())
    if isinstance(path, Problem):
        raise ConfigError(path)
    loaded = load_project(
        path,
        variables=request.variables,
        var_files=request.var_files,
        environ=os.environ,
        allow_outside=request.allow_outside,
    )
    if loaded.project is None:
        raise ConfigError(loaded.problems)
    company = company_overrides(os.environ)
    project = under_company(loaded.project, company)
    catalogs = project_catalogs(project)
    with ExitStack() as stack:
        sandbox = _start_sandbox(project, stack) if online else None
        supply = open_supply(request)
        shelf = Shelf(project, supply.shelter.cache, allow_outside=request.allow_outside, supply=supply)
        found = _measured(project, catalogs, shelf, request.privacy, console) if measured else _Found(project)
        yield Session(
            project=found.project,
            providers=_open_providers(project, catalogs, sandbox),
            catalogs=catalogs,
            datasets=found.datasets,
            backend=backend_of(project, offline=request.offline),
            shelf=shelf,
            problems=found.problems,
            warnings=tuple(p for p in (*loaded.problems, *found.problems) if p.severity == "warning"),
            services=services_of(project),
            tokenizers=found.tokenizers,
            catalogs_of_others=catalogs_of_others(loaded.project, company),
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """The project as its own tokenizers count it, the facts of its datasets, and every problem with either."""

    project: Project
    datasets: Mapping[str, DatasetFacts] = field(default_factory=dict)
    tokenizers: Mapping[Encoding, bytes] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def _measured(
    project: Project, catalogs: Mapping[str, Catalog], shelf: Shelf, privacy: bool, console: Console | None
) -> _Found:
    project, tokenizers, problems = with_tokenizers(project, shelf)
    with watching(console) as watch:
        reading = Reading(shelf.watched(watch), privacy, os.cpu_count() or 1, tokenizers)
        datasets, wrong = measure_datasets(project, catalogs, reading)
    return _Found(project, datasets, tokenizers, (*problems, *wrong, *_eval_problems(project)))


def _eval_problems(project: Project) -> list[Problem]:
    """What is wrong with how answers are graded, found without asking or running anything."""
    if not project.evals:
        return []
    from ftplan.grading.graders import spec_problems

    return spec_problems(project.evals)


def _unmeasured(project: Project) -> dict[str, DatasetFacts]:
    """Stand-ins for datasets whose own problems are known, so that every other problem is found in the same run."""
    formats: dict[MethodKind, Format] = {"supervised": "chat", "dpo": "preference", "reinforcement": "reinforcement"}
    nothing = DatasetFacts(sha256="", content_sha256="", bytes=0, rows=0, format="chat")
    return {
        name: replace(nothing, format=formats[model.method.kind])
        for model in project.models.values()
        for name in (model.dataset, model.validation)
        if name is not None
    }


def _open_providers(project: Project, catalogs: Mapping[str, Catalog], sandbox: str | None) -> dict[str, Provider]:
    log = open_log(os.environ)
    providers = {}
    for name, spec in project.providers.items():
        embedded = sandbox if spec.type == "sandbox" and spec.base_url is None else None
        opened = open_provider(
            spec, environ=os.environ, base_url=embedded, call_seconds=call_seconds(), catalog=catalogs[name]
        )
        providers[name] = logged(opened, log) if log else opened
    return providers


def _start_sandbox(project: Project, stack: ExitStack) -> str | None:
    """The address of an emulator in this process, for the providers that want one; it ends with the session."""
    if not any(spec.type == "sandbox" and spec.base_url is None for spec in project.providers.values()):
        return None
    from ftplan.sandbox import start

    return stack.enter_context(start(Path(project.root) / SANDBOX_FILE)).url
