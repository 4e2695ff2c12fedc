"""Every dataset that a project uses, measured for every use it is put to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ftplan.cli.opening.machines import machines_for
from ftplan.cli.opening.overlaps import overlaps, uneven_halves
from ftplan.cli.opening.shelf import Shelf, shown_name
from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.desired import declared_encoding, encoding_of, root_base, wanted_encodings
from ftplan.core.facts import DatasetFacts, Encoding
from ftplan.core.spec import VALIDATION_SUFFIX, Address, DatasetSpec, MethodKind, Project
from ftplan.datasets import Demands, measure
from ftplan.datasets.rows.formats import item_fields
from ftplan.datasets.scanning.findings import levelled
from ftplan.datasets.scanning.measure import GOOD_ROWS, PRESUMED_EXAMPLE_TOKENS
from ftplan.datasets.scanning.shards import Machines
from ftplan.errors import DatasetError, Problem


@dataclass(slots=True)
class _Use:
    """What a dataset has to be fit for: its methods, its services, its base models, and what is graded."""

    methods: set[MethodKind] = field(default_factory=set)
    min_rows: int = 1
    good_rows: int = 0
    max_rows: int | None = None
    longest: dict[Encoding, int] = field(default_factory=dict)
    presumed: dict[Encoding, int] = field(default_factory=dict)
    graded: set[str] = field(default_factory=set)
    max_bytes: int | None = None
    max_image_rows: int | None = None
    without_images: set[str] = field(default_factory=set)

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
            self.max_bytes,
            self.max_image_rows,
            tuple(sorted(self.without_images)),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """How this run reads datasets."""

    shelf: Shelf
    privacy: bool = True
    processes: int = 1
    tokenizers: Mapping[Encoding, bytes] = field(default_factory=dict)
    machines: Machines | None = None


def with_tokenizers(project: Project, shelf: Shelf) -> tuple[Project, dict[Encoding, bytes], list[Problem]]:
    """The project with the encoding of every model that names a tokenizer, these tokenizers' files by the encodings,
    and what is wrong with the others."""
    files: dict[Encoding, bytes] = {}
    models = dict(project.models)
    problems: list[Problem] = []
    for name, model in project.models.items():
        if model.tokenizer is None:
            continue
        try:
            encoding, data = shelf.tokenizer(model)
        except DatasetError as error:
            problems += [replace(problem, address=str(model.address)) for problem in error.problems]
            continue
        files[encoding] = data
        models[name] = replace(model, encoding=encoding)
    return replace(project, models=models), files, problems


def measure_datasets(
    project: Project, catalogs: Mapping[str, Catalog], reading: Reading
) -> tuple[dict[str, DatasetFacts], list[Problem]]:
    """The facts of every usable dataset that some model uses, and every problem found."""
    encodings = wanted_encodings(project, catalogs)
    facts: dict[str, DatasetFacts] = {}
    problems: list[Problem] = []
    with machines_for(os.environ) as machines:
        reading = replace(reading, machines=machines)
        for name, use in sorted(_uses(project, catalogs).items()):
            found, wrong = _measure(project.datasets[name], use, encodings[name], reading)
            problems += [problem for problem in wrong if not _is_told(problem, problems, project.datasets[name])]
            if found is not None:
                facts[name] = found
    return facts, [*problems, *overlaps(project, facts, reading.shelf), *uneven_halves(project, facts)]


def _is_told(problem: Problem, problems: Sequence[Problem], dataset: DatasetSpec) -> bool:
    """Whether it was told of the other half already: rows that cannot be parted are wrong in both."""
    twin = replace(problem, address=str(Address("dataset", dataset.name.removesuffix(VALIDATION_SUFFIX))))
    return dataset.half is not None and dataset.half.side == "validation" and twin in problems


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
            if model.method.kind == "reinforcement":
                use.max_rows = _least(use.max_rows, most)
            use.graded |= set(item_fields(model.method.grader))
            use.max_bytes = _least(use.max_bytes, catalog.max_file_bytes)
            use.max_image_rows = _least(use.max_image_rows, catalog.max_image_rows)
            if base is not None:
                _mind_base(use, base, declared_encoding(model.name, project.models) or encoding_of(base))
    return uses


def _least(limit: int | None, other: int | None) -> int | None:
    return min((one for one in (limit, other) if one is not None), default=None)


def _mind_base(use: _Use, base: BaseModel, encoding: Encoding) -> None:
    if base.images is False:
        use.without_images.add(base.id)
    limits = use.presumed if base.max_example_tokens is None else use.longest
    limit = base.max_example_tokens or PRESUMED_EXAMPLE_TOKENS
    limits[encoding] = min(limits.get(encoding, limit), limit)


def _rooted(name: str, project: Project) -> bool:
    """False for a model in a cycle: it has no base model at the root of its chain."""
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at not in seen:
        seen.add(at)
        at = project.models[at].parent
    return at is None


def _measure(
    dataset: DatasetSpec, use: _Use, encodings: set[Encoding], reading: Reading
) -> tuple[DatasetFacts | None, list[Problem]]:
    """The facts where every use is possible, and each problem once, as bad as its owner says, with its address."""
    opened = reading.shelf.look(dataset.name)
    if isinstance(opened, Problem):
        return None, [replace(opened, address=str(dataset.address))]
    facts: DatasetFacts | None = None
    problems: list[Problem] = []
    with opened as file:
        for method in sorted(use.methods):
            file.seek(0)
            measured = measure(
                file,
                shown_name(dataset),
                encodings,
                use.demands(method, privacy=reading.privacy),
                cache=reading.shelf.cache,
                processes=reading.processes,
                machines=reading.machines,
                tokenizers=reading.tokenizers,
            )
            facts = measured.facts
            told = levelled(measured.problems, dataset.rules)
            problems += [problem for problem in told if problem not in problems]
    broken = any(problem.severity == "error" for problem in problems)
    return None if broken else facts, [_placed(problem, dataset) for problem in problems]


def _placed(problem: Problem, dataset: DatasetSpec) -> Problem:
    """With its address. What is wrong with a half, and with no line of it, is told where the split is declared."""
    place = problem.place
    if dataset.half is not None and (place is None or place.line is None):
        place = dataset.half.split.place
    return replace(problem, place=place, address=str(dataset.address))
