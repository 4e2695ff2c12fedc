"""What ftplan measures: dataset files in, DatasetFacts out, and every problem with its line.

    rows         what a row is held to, its formats, its text as a value
    reading      bytes: found below a root, expanded, cut into lines
    keeping      what is remembered of files between runs
    counting     tokens: the tokenizers' doors
    sources      where datasets come from: paths, pins, storage services
    scanning     one pass: rules, hashes, tokens, by one process, several or a cluster
    preparing    rows parted, sampled, profiled, mended
    converting   other people's files made into rows

Each knows those above it; `preparing` and `converting` do not know each other. Knows errors and core. The tokenizer is
loaded when a first row is counted, not before.
"""

from ftplan.datasets.keeping.cache import Cache
from ftplan.datasets.preparing.parting import Parting
from ftplan.datasets.rows.formats import format_for, formats_taken
from ftplan.datasets.scanning.measure import Demands, Measured, measure
from ftplan.datasets.scanning.overlap import Shared, shared_rows
from ftplan.datasets.sources.paths import open_dataset
from ftplan.datasets.sources.pinned import Pin, Supply

__all__ = [
    "Cache",
    "Demands",
    "Measured",
    "Parting",
    "Pin",
    "Shared",
    "Supply",
    "format_for",
    "formats_taken",
    "measure",
    "open_dataset",
    "shared_rows",
]
