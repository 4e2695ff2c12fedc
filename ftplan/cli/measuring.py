"""Every dataset that a project uses, measured for every use it is put to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ftplan.core.desired import root_base, wanted_encodings
from ftplan.core.facts import BaseModel, Catalog, DatasetFacts, Encoding
from ftplan.core.spec import DatasetSpec, MethodKind, Project
from ftplan.datasets import Cache, Demands, measure, open_dataset
from ftplan.datasets.findings import levelled
from ftplan.datasets.formats import item_fields
from ftplan.datasets.measure import GOOD_ROWS, PRESUMED_EXAMPLE_TOKENS
from ftplan.datasets.overlap import Shared, shared_rows
from ftplan.errors import Problem


@dataclass(slots=True)
class _Use:
    """What a dataset has to be fit for: its methods, the fewest and most rows, the longest example, what is graded."""

    methods: set[MethodKind] = field(default_factory=set)
    min_rows: int = 1
    good_rows: int = 0
    max_rows: int | None = None
    longest: dict[Encoding, int] = field(default_factory=dict)
    presumed: dict[Encoding, int] = field(default_factory=dict)
    graded: set[str] = field(default_factory=set)

    def demands(self, method: MethodKind, *, privacy: bool) -> Demands:
        return Demands(
            method,
            self.min_rows,
            self.good_rows,
            self.max_rows if method == "reinforcement" else None,
            self.longest,
            self.presumed,
            tuple(sorted(self.graded)) if method == "reinforcement" else (),
            privacy,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """How this run reads datasets."""

    allow_outside: bool = False
    privacy: bool = True
    processes: int = 1


def measure_datasets(
    project: Project, catalogs: Mapping[str, Catalog], reading: Reading
) -> tuple[dict[str, DatasetFacts], list[Problem]]:
    """The facts of every usable dataset that some model uses, and every problem found."""
    encodings = wanted_encodings(project, catalogs)
    cache = Cache.of_user(os.environ)
    facts: dict[str, DatasetFacts] = {}
    problems: list[Problem] = []
    for name, use in sorted(_uses(project, catalogs).items()):
        found, wrong = _measure(project, project.datasets[name], use, encodings[name], cache, reading)
        problems += wrong
        if found is not None:
            facts[name] = found
    return facts, [*problems, *_overlaps(project, facts, reading, cache)]


def _uses(project: Project, catalogs: Mapping[str, Catalog]) -> dict[str, _Use]:
    uses: dict[str, _Use] = {}
    for model in project.models.values():
        catalog = catalogs[model.provider]
        base = catalog.base(root_base(model.name, project.models)) if _rooted(model.name, project) else None
        for name in filter(None, (model.dataset, model.validation)):
            use = uses.setdefault(name, _Use())
            use.methods.add(model.method.kind)
            if name == model.dataset:
                use.min_rows = max(use.min_rows, catalog.min_rows)
                # A rehearsal is told what would stop it, and not what would make a better model of it.
                use.good_rows = use.good_rows if catalog.rehearsal else GOOD_ROWS
            most = catalog.max_graded_rows if name == model.dataset else catalog.max_graded_validation_rows
            if model.method.kind == "reinforcement" and most is not None:
                use.max_rows = min(most, use.max_rows or most)
            use.graded |= set(item_fields(model.method.grader))
            if base is not None:
                _mind_length(use, base)
    return uses


def _mind_length(use: _Use, base: BaseModel) -> None:
    limits = use.presumed if base.max_example_tokens is None else use.longest
    limit = base.max_example_tokens or PRESUMED_EXAMPLE_TOKENS
    limits[base.encoding] = min(limits.get(base.encoding, limit), limit)


def _rooted(name: str, project: Project) -> bool:
    """False for a model in a cycle: it has no base model at the root of its chain."""
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at not in seen:
        seen.add(at)
        at = project.models[at].parent
    return at is None


def _measure(
    project: Project,
    dataset: DatasetSpec,
    use: _Use,
    encodings: set[Encoding],
    cache: Cache,
    reading: Reading,
) -> tuple[DatasetFacts | None, list[Problem]]:
    """The facts where every use is possible, and each problem once, as bad as its owner says, with its address."""
    outside = reading.allow_outside
    opened = open_dataset(Path(project.root), dataset.path, allow_outside=outside, place=dataset.place)
    if isinstance(opened, Problem):
        return None, [replace(opened, address=str(dataset.address))]
    facts: DatasetFacts | None = None
    problems: list[Problem] = []
    with opened as file:
        for method in sorted(use.methods):
            file.seek(0)
            measured = measure(
                file,
                dataset.path,
                encodings,
                use.demands(method, privacy=reading.privacy),
                cache=cache,
                processes=reading.processes,
            )
            facts = measured.facts
            told = levelled(measured.problems, dataset.rules)
            problems += [problem for problem in told if problem not in problems]
    broken = any(problem.severity == "error" for problem in problems)
    return None if broken else facts, [replace(problem, address=str(dataset.address)) for problem in problems]


def _overlaps(project: Project, facts: Mapping[str, DatasetFacts], reading: Reading, cache: Cache) -> Iterator[Problem]:
    """A warning for each pair of training and validation data with rows in common."""
    pairs = {(model.dataset, model.validation) for model in project.models.values()}
    for training, validation in sorted((t, v) for t, v in pairs if v is not None):
        if training not in facts or validation not in facts:
            continue
        paths = project.datasets[training].path, project.datasets[validation].path
        question = cache.question("overlap", facts[validation].sha256)
        shared = cache.found(facts[training].sha256, question, Shared)
        if shared is None:
            shared = _shared(project, paths, reading.allow_outside)
            if shared is None:
                continue
            cache.keep(facts[training].sha256, question, shared)
        yield from levelled(shared.problems(*paths), project.datasets[validation].rules)


def _shared(project: Project, paths: tuple[str, str], allow_outside: bool) -> Shared | None:
    """The rows that both files hold; None where one of them cannot be opened any more."""
    with ExitStack() as stack:
        files = [open_dataset(Path(project.root), path, allow_outside=allow_outside) for path in paths]
        opened = [stack.enter_context(file) for file in files if not isinstance(file, Problem)]
        return shared_rows(*opened) if len(opened) == len(files) else None
