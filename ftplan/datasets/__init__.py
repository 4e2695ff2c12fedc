"""What ftplan measures: dataset files in, DatasetFacts out, and every problem with its line.

    open_dataset       paths      a path below the project's root, opened safely
    measure            measure    one pass: rules, hashes, tokens
    Cache              cache      measurements kept between runs
    overlap_problems   overlap    rows that stand in training and validation data alike
    format_for         formats    which row format a method takes

Knows errors and core. The tokenizer is loaded when a first row is counted, not before.
"""

from ftplan.datasets.cache import Cache
from ftplan.datasets.formats import format_for, formats_taken
from ftplan.datasets.measure import Measured, measure
from ftplan.datasets.overlap import overlap_problems
from ftplan.datasets.paths import open_dataset

__all__ = [
    "Cache",
    "Measured",
    "format_for",
    "formats_taken",
    "measure",
    "open_dataset",
    "overlap_problems",
]
