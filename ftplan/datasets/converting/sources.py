"""Foreign files as records, each with the line it starts on: JSON Lines, one JSON list, CSV, Parquet."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

from ftplan.core.conversions import Container
from ftplan.datasets.reading.lines import MAX_LINE_BYTES, lines
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.jsonrow import decoded
from ftplan.errors import DatasetError, Place, Problem

DELIMITERS = ",;\t|"
HEAD_BYTES = 64 * 1024
PARQUET_MARK = b"PAR1"


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `line` counts from 1; where the file has no lines it counts records, and `numbered` is true."""

    line: int
    values: Mapping[str, Any]
    numbered: bool = False


def container_of(file: BinaryIO, suffix: str) -> Container:
    """What kind of file it is, by its first bytes and else by its suffix. Raises DatasetError where neither tells."""
    file.seek(0)
    head = file.read(HEAD_BYTES).removeprefix(codecs.BOM_UTF8).lstrip()
    if head.startswith(PARQUET_MARK):
        return "Parquet"
    if suffix.lower() in (".csv", ".tsv"):
        return "CSV"
    if head.startswith(b"["):
        return "a JSON list"
    if head.startswith(b"{") or suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return "JSON Lines"
    detail = "It starts like none of Parquet, JSON Lines and a JSON list, and its name does not end in .csv."
    raise DatasetError(Problem("The kind of file is not known", detail, advice="Say what it is: -from=csv."))


def records(file: BinaryIO, path: str, container: Container) -> Iterator[Record | Problem]:
    """The records of the file, and a problem in place of each that cannot be read. Raises DatasetError where nothing
    behind that place can be read."""
    file.seek(0)
    match container:
        case "JSON Lines":
            return _json_lines(file, path)
        case "a JSON list":
            return _json_list(file, path)
        case "CSV":
            return _csv(file, path)
        case "Parquet":
            from ftplan.datasets.converting.parquet import rows

            return (Record(number, row, numbered=True) for number, row in rows(file, path))


def _json_lines(file: BinaryIO, path: str) -> Iterator[Record | Problem]:
    for number, line in lines(file, lambda chunk: None):
        if line is None:
            yield Problem("A line is too long", f"It has more than {MAX_LINE_BYTES:,} bytes.", Place(path, number))
            continue
        text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if text.strip():
            yield _record(text, path, number)


def _record(text: bytes, path: str, line: int) -> Record | Problem:
    found = decoded(text)
    return found.at(path, line) if isinstance(found, Fault) else Record(line, found)


def _json_list(file: BinaryIO, path: str) -> Iterator[Record | Problem]:
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DatasetError(Problem("The file is not UTF-8", "Some bytes of it are not.", Place(path))) from None
    decoder = json.JSONDecoder()
    at, line = _past_blanks(text, text.index("[") + 1), 1
    counted = 0
    while not text.startswith("]", at):
        line += text.count("\n", counted, at)
        counted = at
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            _unreadable_list(path, line)
        # Once more and strictly: without repeated keys, numbers that are none, and endless nesting.
        yield _record(text[at:end].encode("utf-8", "surrogatepass"), path, line)
        at = _past_blanks(text, end)
        if text.startswith(",", at):
            at = _past_blanks(text, at + 1)
        elif not text.startswith("]", at):
            _unreadable_list(path, line + text.count("\n", counted, at))


def _past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _unreadable_list(path: str, line: int) -> NoReturn:
    detail = "The list cannot be read any further from here."
    raise DatasetError(Problem("The file is not valid JSON", detail, Place(path, line)))


def _csv(file: BinaryIO, path: str) -> Iterator[Record | Problem]:
    delimiter = delimiter_of(file)
    # The limit is the whole process's, and 131,072 characters unless somebody says otherwise.
    csv.field_size_limit(MAX_LINE_BYTES)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        _check_header(header, path)
        start = reader.line_num + 1
        for cells in reader:
            if cells:
                yield _cells(header, cells, path, start)
            start = reader.line_num + 1
    except csv.Error as error:
        detail = f"{str(error)[:100]}; nothing behind it can be read."
        raise DatasetError(Problem("The file is not valid CSV", detail, Place(path, reader.line_num))) from None
    except UnicodeDecodeError:
        place = Place(path, reader.line_num + 1)
        advice = "Save the file as UTF-8."
        raise DatasetError(Problem("The file is not UTF-8", "At or behind this line.", place, advice)) from None
    finally:
        # Else the file would be closed with its wrapper.
        text.detach()


def delimiter_of(file: BinaryIO) -> str:
    """The delimiter of a CSV file: the one that stands most often in the header, outside of quotes."""
    file.seek(0)
    head = file.read(HEAD_BYTES).decode("utf-8-sig", "replace")
    file.seek(0)
    plain = "".join(head.split('"')[::2]).lstrip().partition("\n")[0]
    return max(DELIMITERS, key=plain.count)


def _check_header(header: list[str], path: str) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        detail = f"The header names {twice[0]!r} more than once."
        raise DatasetError(Problem("A column has the name of another", detail, Place(path, 1), "Rename one of them."))


def _cells(header: list[str], cells: list[str], path: str, line: int) -> Record | Problem:
    if len(cells) != len(header):
        detail = f"It has {len(cells)} cells; the header has {len(header)}."
        advice = "A text with a delimiter or a line break in it stands in quotes."
        return Problem("A record has not as many cells as the header", detail, Place(path, line), advice)
    return Record(line, dict(zip(header, cells, strict=True)))
