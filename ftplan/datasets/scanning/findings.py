"""What is remarked on over a whole file: each rule once, with how often and where first. It can be added up from the
blocks of a file that were looked through apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ftplan.core.spec import RuleLevel
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.rule import Rule
from ftplan.datasets.rows.rules import BY_NAME, CARRIAGE_RETURN, DUPLICATE_ROWS, PERSONAL_DATA, SECRET
from ftplan.datasets.scanning.sensitive import sensitive_in
from ftplan.errors import Place, Problem

LISTED_LINES = 5
# About 110 bytes each. A file of more rows is looked through for duplicates up to this row.
MAX_DIGESTS = 3_000_000

_ADVICE: Mapping[str, str] = {
    "carriage-return": "Save the file with LF line ends; `ftplan dataset check -fix` does it.",
    "duplicate-rows": "Remove the copies, unless they are meant to weigh more.",
    "secret": "Take them out and revoke them: whoever can call the model may be told them.",
    "personal-data": "Take them out or replace them, unless you may use them so.",
    "empty-answer": "Give the answer the model shall learn, or remove the row.",
    "ends-unanswered": "End the conversation with the answer, or remove what stands behind it.",
    "system-not-first": "Move it to the front of its conversation.",
    "undeclared-tool": "Offer the tool in the row's tools.",
    "unanswered-call": "Put a tool message with the result behind each call.",
    "tool-schema": "Correct the parameters: they are a JSON Schema that stands by itself.",
    "unbalanced-lengths": "Shorten or split the longest rows, unless they are meant to weigh so much.",
    "idle-weight": "Remove the weights.",
    "message-name": "Write them with hyphens, or leave them out: the service refuses them when the model is used.",
    "system-and-developer": "Join both into one message.",
    "prompt-end": "End it with the user's message: the answer is not a part of it.",
    "image-type": "Name the type that the image has, or convert it.",
    "tool-count": "Offer the tools that the row is about.",
    "mixed-tools": "Write the functions as tools, and the function calls as tool calls.",
    "parallel-tool-calls": "Remove the key, or make it fit the tools and the calls.",
    "function-reply": "Put it behind the message that calls the function.",
    "output-calls": "Train calls by supervised training, or answer in text here.",
    "same-outputs": "Remove the pair: there is nothing to prefer.",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning's rule by name, how many rows it is about, the first of their lines, and what was said of them."""

    rule: str
    rows: int
    lines: tuple[int, ...]
    details: tuple[str, ...] = ()

    def problem(self, path: str) -> Problem:
        """What is told of the file at `path`."""
        where = ", ".join(map(str, self.lines))
        more = f" and {self.rows - len(self.lines):,} more" if self.rows > len(self.lines) else ""
        counted = f"{'Line' if self.rows == 1 else 'Lines'} {where}{more} of {path}"
        kinds = "; ".join(detail.removesuffix(".") for detail in self.details)
        detail = f"{counted}{f': {kinds}' if kinds else ''}."
        return BY_NAME[self.rule].problem(detail, Place(path, self.lines[0]), _ADVICE.get(self.rule, ""))


@dataclass(slots=True)
class _Found:
    """How many lines, the first of them, and the first few different things that were said. Lines come in order."""

    rows: int = 0
    lines: list[int] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    last: int = 0

    def add(self, line: int, detail: str = "") -> None:
        if line != self.last:
            self.rows, self.last = self.rows + 1, line
            self.lines += [line][: LISTED_LINES - len(self.lines)]
        self.say(detail)

    def say(self, detail: str) -> None:
        if detail and len(self.details) < LISTED_LINES and detail not in self.details:
            self.details.append(detail)


@dataclass(slots=True)
class Findings:
    """The remarks of one run of lines, numbered from 1. `privacy` looks for secrets and personal data as well.

    `copies` are rows that stood in these lines before. They are remarked on where these lines are added to those before
    them: of the rows of a file only the first `most` different ones are remembered.
    """

    privacy: bool = True
    found: dict[str, _Found] = field(default_factory=dict)
    digests: dict[bytes, int] = field(default_factory=dict)
    copies: list[tuple[int, bytes]] = field(default_factory=list)
    most: int = MAX_DIGESTS

    def block(self, block: bytes, lines_before: int = 0) -> None:
        """Looks through a block of whole lines, of which `lines_before` stand before it."""
        # One byte is found ten times as fast as two.
        if b"\r" in block and b"\r\n" in block:
            for line in _line_numbers(block, _every(b"\r\n", block), lines_before):
                self._add(CARRIAGE_RETURN, line)
        if self.privacy:
            for rule, places in zip((SECRET, PERSONAL_DATA), sensitive_in(block), strict=True):
                kinds = sorted(places)
                numbers = _line_numbers(block, [at for at, _ in kinds], lines_before)
                for (_, kind), line in zip(kinds, numbers, strict=True):
                    self._add(rule, line, f"what looks like {kind}")

    def row(self, line: int, remarks: Iterable[Fault], digest: bytes) -> None:
        """Takes note of one row: its `remarks`, and the digest by which a copy is recognised."""
        for remark in remarks:
            self._add(remark.rule, line, remark.detail)
        if self.digests.setdefault(digest, line) != line:
            self.copies.append((line, digest))

    def append(self, later: Findings, lines_before: int) -> None:
        """Adds what was found in the lines that follow the first `lines_before`."""
        copies = [line for digest, line in later.digests.items() if digest in self.digests]
        for digest, line in later.digests.items():
            if len(self.digests) < self.most:
                self.digests.setdefault(digest, line + lines_before)
        copies += [line for line, digest in later.copies if digest in self.digests]
        if copies:
            again = later.found.setdefault(DUPLICATE_ROWS.name, _Found())
            again.rows += len(copies)
            again.lines = sorted([*again.lines, *copies])[:LISTED_LINES]
        for name, found in later.found.items():
            ours = self.found.setdefault(name, _Found())
            ours.rows += found.rows
            ours.lines += [line + lines_before for line in found.lines[: LISTED_LINES - len(ours.lines)]]
            for detail in found.details:
                ours.say(detail)

    def remarks(self) -> tuple[Remark, ...]:
        """One remark a rule, in the order of the rules."""
        told = [(name, self.found[name]) for name in BY_NAME if name in self.found]
        return tuple(Remark(name, found.rows, tuple(found.lines), tuple(found.details)) for name, found in told)

    def _add(self, rule: Rule, line: int, detail: str = "") -> None:
        self.found.setdefault(rule.name, _Found()).add(line, detail)


def levelled(problems: Iterable[Problem], levels: Mapping[str, RuleLevel]) -> list[Problem]:
    """`problems` as the owner wants to hear them: warnings raised to errors, or left out. Errors stay errors."""
    kept = []
    for problem in problems:
        level = levels.get(problem.rule, problem.severity) if problem.severity == "warning" else "error"
        if level != "off":
            kept.append(replace(problem, severity=level))
    return kept


def _every(mark: bytes, block: bytes) -> list[int]:
    places, at = [], block.find(mark)
    while at >= 0:
        places.append(at)
        at = block.find(mark, at + len(mark))
    return places


def _line_numbers(block: bytes, places: Iterable[int], lines_before: int) -> list[int]:
    """The number of the line that each of `places` (ascending) stands in."""
    numbers, line, seen = [], lines_before + 1, 0
    for at in places:
        line += block.count(b"\n", seen, at)
        seen = at
        numbers.append(line)
    return numbers
