"""What ftplan measures: dataset files in, DatasetFacts out, and every problem with its line.

    open_dataset       paths      what a path below the project's root means, opened safely: a file, or several as one
    Pin, Supply        pinned     the digest that is wanted, and where what has it comes from: a cache, or a service
    Parting            parting    halves of a dataset, read like files of their own
    measure            measure    one pass: rules, hashes, tokens
    Cache              cache      measurements kept between runs
    shared_rows        overlap    rows that stand in training and validation data alike
    format_for         formats    which row format a method takes

Beside that, what a user does with a file before it is declared; each is imported by its command alone:

    split              halves     a file parted in two, like rows on one side
    sample             sampling   a few rows to look at, the same ones each time
    convert            conversion other people's files made into rows

Knows errors and core. The tokenizer is loaded when a first row is counted, not before.
"""

from ftplan.datasets.cache import Cache
from ftplan.datasets.formats import format_for, formats_taken
from ftplan.datasets.measure import Demands, Measured, measure
from ftplan.datasets.overlap import Shared, shared_rows
from ftplan.datasets.parting import Parting
from ftplan.datasets.paths import open_dataset
from ftplan.datasets.pinned import Pin, Supply

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
