"""What changed in a dataset, as Markdown: figures before and after, the changed rows by line, and what some say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftplan.core.dataset_diff import DatasetDiff, DiffSide, RowChange
from ftplan.views.diff_words import changed_rows
from ftplan.views.markdown.fit import Block, Rank, Section, fitted, joined, paragraph, size
from ftplan.views.markdown.notice import NOTICE_BYTES, cut_notice
from ftplan.views.markdown.spans import code_fence, code_span, row
from ftplan.views.style import clean_lines

_DATASETS = 10
_NAMES = 20
_TEXT_LINES = 12
_TEXT_CHARACTERS = 300
_FIGURES = "| | before | after | change |\n|---|--:|--:|--:|"
_LINES = "| | line before | line after | tokens |\n|:-:|--:|--:|---|"
_SYMBOLS = {"added": "+", "removed": "-", "edited": "~"}


def render_diff_markdown(diff: DatasetDiff, name: str, limit: int, *, folds: bool = True) -> str:
    """The diff of the dataset `name`, at most `limit` characters long."""
    figures, *rest = diff_blocks(diff)
    listed = [block for block in rest if block.rank is Rank.ROWS]
    samples = tuple(block for block in rest if block.rank is Rank.SAMPLES)
    title = f"### {code_span(name, 80)}: {changed_rows(diff)}"
    sections = [
        paragraph(Rank.HEADLINE, f"From {code_span(diff.old, 100)} to {code_span(diff.new, 100)}."),
        Section((figures, *listed)),
        Section(samples, "What the rows say"),
    ]
    parts, lost = fitted(sections, limit - NOTICE_BYTES - size(title), folds)
    return joined([title, *parts, cut_notice(lost, limit, "")]) + "\n"


def diff_sections(diffs: Mapping[str, DatasetDiff]) -> list[Section]:
    """The diff of each dataset by its name, folded away; of the many more, how many rows changed."""
    names = sorted(diffs)
    told = [Section(diff_blocks(diffs[n]), changed_rows(diffs[n]), f"dataset.{n}") for n in names[:_DATASETS]]
    lines = tuple(f"- {code_span(f'dataset.{name}', 80)}: {changed_rows(diffs[name])}" for name in names[_DATASETS:])
    block = Block(Rank.COUNTS, lines, "datasets", more="- and {} more")
    return [*told, Section((block,), f"{len(lines):,} more datasets changed")] if lines else told


def diff_blocks(diff: DatasetDiff) -> tuple[Block, ...]:
    """The figures first, then the rows by line, then what they say."""
    figures = Block(Rank.COUNTS, tuple(_figures(diff)), "figures of datasets", _opening(diff), more="\nand {} more")
    listed = tuple(_listed(change) for change in diff.rows)
    beyond = diff.changed - len(diff.rows)
    rows = Block(Rank.ROWS, listed, "listed rows", _LINES, more="\nand {} more", beyond=max(beyond, 0))
    samples = [_sample(change) for change in diff.rows if change.texts]
    return (figures, *([rows] if listed else []), *samples)


def _opening(diff: DatasetDiff) -> str:
    if diff.before is not None:
        return _FIGURES
    return f"What it held before is not remembered, so no row can be compared.\n\n{_FIGURES}"


def _figures(diff: DatasetDiff) -> Iterator[str]:
    old, new = diff.before, diff.after
    moved = f" ({diff.moved:,} of them in another order)" if diff.moved else ""
    yield _figure("rows", old.rows if old else None, new.rows)
    if old is not None:
        yield row(f"unchanged rows{moved}", "", f"{diff.unchanged:,}", "")
    counted_in = f" ({code_span(diff.encoding, 40)})" if diff.encoding else ""
    limit = f" of {diff.limit:,} tokens" if diff.limit is not None else ""
    yield from _known(f"tokens an epoch{counted_in}", old.tokens if old else None, new.tokens)
    yield from _known("tokens of the longest row", old.longest if old else None, new.longest)
    yield from _known(f"rows over the limit{limit}", old.over_limit if old else None, new.over_limit)
    yield _figure("rows that stand in it again", old.duplicates if old else None, new.duplicates)
    yield from _known("rows shared between training and validation", old.shared if old else None, new.shared)
    yield from _names("messages by", old.roles if old else {}, new.roles, old)
    yield from _tools(old, new)


def _known(what: str, before: int | None, after: int | None) -> Iterator[str]:
    if before is not None or after is not None:
        yield _figure(what, before, after)


def _figure(what: str, before: int | None, after: int | None) -> str:
    known = [f"{count:,}" if count is not None else "" for count in (before, after)]
    change = "" if before is None or after is None or before == after else f"{after - before:+,}"
    return row(what, *known, change)


def _names(what: str, old: Mapping[str, int], new: Mapping[str, int], before: DiffSide | None) -> Iterator[str]:
    names = sorted({*old, *new})
    for name in names[:_NAMES]:
        was = old.get(name, 0) if before is not None else None
        yield _figure(f"{what} {code_span(name, 40)}", was, new.get(name, 0))
    if len(names) > _NAMES:
        yield row(f"and {len(names) - _NAMES} more roles", "", "", "")


def _tools(old: DiffSide | None, new: DiffSide) -> Iterator[str]:
    known = old.tools if old else {}
    changed = [name for name in sorted({*known, *new.tools}) if known.get(name) != new.tools.get(name)]
    for name in changed[:_NAMES]:
        was, now = ("defined" if name in side else "" for side in (known, new.tools))
        change = "another definition" if was and now else ("added" if now else "removed")
        yield row(f"tool {code_span(name, 60)}", was, now, change if old else "")
    if len(changed) > _NAMES:
        yield row(f"and {len(changed) - _NAMES} more tools", "", "", "")


def _listed(change: RowChange) -> str:
    lines = [f"{line:,}" if line is not None else "" for line in (change.old_line, change.new_line)]
    return row(code_span(_SYMBOLS[change.kind]), *lines, _moved_tokens(change))


def _moved_tokens(change: RowChange) -> str:
    old, new = change.old_tokens, change.new_tokens
    if old is None or new is None:
        one = new if old is None else old
        return "" if one is None else f"{one:,}"
    return f"{old:,} → {new:,}" if old != new else f"{new:,}"


def _sample(change: RowChange) -> Block:
    """One row's texts, coloured as a diff. Each line begins with a sign or a blank: none is a host's command."""
    # Where hashes alone are remembered of the old rows, nothing tells what is new in an edited one.
    unheld = change.kind == "edited" and all(text.before is None for text in change.texts)
    lines: list[str] = []
    for text in change.texts:
        lines += [f"@@ {line} @@" for line in clean_lines(text.where, 100, 1)]
        lines += [f"- {line}" for line in _said(text.before)]
        lines += [f"{' ' if unheld else '+'} {line}" for line in _said(text.after)]
    fence = code_fence(lines)
    return Block(
        Rank.SAMPLES, tuple(lines), "lines of sample texts", f"{_place(change, unheld)}\n\n{fence}diff", fence, "  …"
    )


def _said(text: str | None) -> list[str]:
    return [] if text is None else clean_lines(text, _TEXT_CHARACTERS, _TEXT_LINES)


def _place(change: RowChange, unheld: bool) -> str:
    match change.kind:
        case "added":
            return f"Line {change.new_line or 0:,}, added:"
        case "removed":
            return f"Line {change.old_line or 0:,} before, removed:"
        case _:
            moved = f", now line {change.new_line or 0:,}" if change.new_line != change.old_line else ""
            return f"Line {change.old_line or 0:,}{moved}, edited{'; this is what it says now' if unheld else ''}:"
