"""What ftplan measures: dataset files in, DatasetFacts out, and every problem with its line.

    rows         what a row is held to, its formats, its text as a value
    reading      bytes: found below a root, expanded, cut into lines
    keeping      what is remembered of files between runs
    counting     tokens: the tokenizers' doors
    sources      where datasets come from: paths, pins, storage services
    scanning     one pass: rules, hashes, tokens, by one process, several or a cluster
    preparing    rows parted, sampled, profiled, mended
    converting   other people's files made into rows
    comparing    two contents of a dataset, row by row

Each knows those above it; `preparing`, `converting` and `comparing` do not know each other. Knows errors and core. The
tokenizer is loaded when a first row is counted, not before.
"""

from ftplan.datasets.comparing.difference import difference
from ftplan.datasets.comparing.indexing import index_rows
from ftplan.datasets.comparing.rowindex import RowIndex
from ftplan.datasets.comparing.texts import with_texts
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
    "RowIndex",
    "Shared",
    "Supply",
    "difference",
    "format_for",
    "formats_taken",
    "index_rows",
    "measure",
    "open_dataset",
    "shared_rows",
    "with_texts",
]
