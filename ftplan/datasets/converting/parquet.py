"""Rows of Parquet files: the door of pyarrow, which comes with the extra `ftplan[parquet]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from ftplan.errors import DatasetError, Place, Problem

BATCH_ROWS = 256


def rows(file: BinaryIO, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row with its number from 1, a few hundred in memory at a time. Raises DatasetError."""
    try:
        # Costs about 150 ms and 50 MB, so it is loaded for Parquet alone.
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise DatasetError(
            Problem(
                "Parquet cannot be read",
                "It takes pyarrow, which is not installed.",
                Place(path),
                "Install ftplan with it:",
                "pip install 'ftplan[parquet]'",
            )
        ) from None
    number = 0
    try:
        for batch in parquet.ParquetFile(file).iter_batches(batch_size=BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pyarrow.ArrowException, OSError) as error:
        said = str(error).partition("\n")[0][:200]
        where = f"Behind row {number:,}: " if number else ""
        raise DatasetError(Problem("The file is not valid Parquet", f"{where}{said}", Place(path))) from None
