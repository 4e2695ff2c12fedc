"""Every dataset that a project uses, measured for every use it is put to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ftplan.core.desired import root_base, wanted_encodings
from ftplan.core.facts import Catalog, DatasetFacts, Encoding
from ftplan.core.spec import DatasetSpec, MethodKind, Project
from ftplan.datasets import Cache, measure, open_dataset, overlap_problems
from ftplan.errors import Problem


@dataclass(slots=True)
class _Use:
    """What a dataset has to be fit for: its methods, the fewest rows, the longest example."""

    methods: set[MethodKind] = field(default_factory=set)
    min_rows: int = 1
    limits: dict[Encoding, int] = field(default_factory=dict)


def measure_datasets(
    project: Project, catalogs: Mapping[str, Catalog], allow_outside: bool
) -> tuple[dict[str, DatasetFacts], list[Problem]]:
    """The facts of every usable dataset that some model uses, and every problem found."""
    encodings = wanted_encodings(project, catalogs)
    cache = Cache.of_user(os.environ)
    facts: dict[str, DatasetFacts] = {}
    problems: list[Problem] = []
    for name, use in sorted(_uses(project, catalogs).items()):
        found, wrong = _measure(project, project.datasets[name], use, encodings[name], cache, allow_outside)
        problems += wrong
        if found is not None:
            facts[name] = found
    return facts, [*problems, *_overlaps(project, facts, allow_outside)]


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
            if base is not None and base.max_example_tokens is not None:
                known = use.limits.get(base.encoding, base.max_example_tokens)
                use.limits[base.encoding] = min(known, base.max_example_tokens)
    return uses


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
    allow_outside: bool,
) -> tuple[DatasetFacts | None, list[Problem]]:
    """The facts where every use is possible, and each problem once, with the dataset's address."""
    opened = open_dataset(Path(project.root), dataset.path, allow_outside=allow_outside, place=dataset.place)
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
                expect=method,
                min_rows=use.min_rows,
                max_example_tokens=use.limits,
                cache=cache,
            )
            facts = measured.facts
            problems += [problem for problem in measured.problems if problem not in problems]
    broken = any(problem.severity == "error" for problem in problems)
    return None if broken else facts, [replace(problem, address=str(dataset.address)) for problem in problems]


def _overlaps(project: Project, facts: Mapping[str, DatasetFacts], allow_outside: bool) -> Iterator[Problem]:
    """A warning for each pair of training and validation data with rows in common."""
    pairs = {(model.dataset, model.validation) for model in project.models.values()}
    for training, validation in sorted((t, v) for t, v in pairs if v is not None):
        if training not in facts or validation not in facts:
            continue
        first, second = project.datasets[training].path, project.datasets[validation].path
        with ExitStack() as stack:
            files = [open_dataset(Path(project.root), path, allow_outside=allow_outside) for path in (first, second)]
            opened = [stack.enter_context(file) for file in files if not isinstance(file, Problem)]
            if len(opened) == len(files):
                yield from overlap_problems(opened[0], opened[1], first, second)
