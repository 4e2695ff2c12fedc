"""Which groups of rows become the validation half: by rank, so that the share is exact and hardly a row ever moves.

Each group has a rank: the lowest hash, of the seed and a prompt, among its prompts. Of each stratum the groups of
lowest rank are taken until its share is reached; a group that is too large for what is left is passed over. So

- the order of the rows, their spelling and their number play no part in a rank;
- the share is exact to a row where there are groups of one row, and to less than the smallest group otherwise
  (a threshold on the hashes would never move a row, but leave the share to chance);
- a row that is added moves at most one other row of its stratum, where all are single, and a corrected answer none.

The shares of the strata are rounded so that their sum is the share of the whole (largest remainder).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ftplan.datasets.preparing.prompts import digest
from ftplan.errors import DatasetError, Problem


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that stay together: its name, its place in the queue, its size and the stratum most of its rows are of."""

    key: bytes
    rank: bytes
    size: int
    stratum: str


def rank(seed: int, key: bytes) -> bytes:
    """The place of a prompt in the queue for the validation half."""
    return digest(b"rank", str(seed).encode(), key)


def gathered(seed: int, keys: Sequence[bytes], group_of: Mapping[bytes, bytes], strata: Sequence[str]) -> list[Group]:
    """The groups of rows; `keys` and `strata` say for each row what it asks and which stratum it is of. A key that
    `group_of` does not know is a group of its own."""
    ranks: dict[bytes, bytes] = {}
    for key in set(keys):
        name, own = group_of.get(key, key), rank(seed, key)
        ranks[name] = min(ranks.get(name, own), own)
    homes: defaultdict[bytes, Counter[str]] = defaultdict(Counter)
    for key, stratum in zip(keys, strata, strict=True):
        homes[group_of.get(key, key)][stratum] += 1
    return [Group(name, ranks[name], counts.total(), _home(counts)) for name, counts in homes.items()]


def _home(counts: Counter[str]) -> str:
    return min(counts, key=lambda stratum: (-counts[stratum], stratum))


def validation_groups(groups: Iterable[Group], share: Fraction, seed: int) -> set[bytes]:
    """The keys of the groups that make up the validation half. Raises DatasetError where one half would be empty."""
    queue = sorted(groups, key=lambda group: (group.rank, group.key))
    if len(queue) < 2:
        raise DatasetError(_undivided(sum(group.size for group in queue)))
    strata: defaultdict[str, list[Group]] = defaultdict(list)
    for group in queue:
        strata[group.stratum].append(group)
    quotas = shares({name: sum(g.size for g in members) for name, members in strata.items()}, share, seed)
    chosen = {group.key for name, members in strata.items() for group in _taken(members, quotas[name])}
    by_size = sorted(queue, key=lambda group: (group.size, group.rank))
    if not chosen:
        return {by_size[0].key}
    return chosen if len(chosen) < len(queue) else chosen - {by_size[0].key}


def shares(sizes: Mapping[str, int], share: Fraction, seed: int) -> dict[str, int]:
    """How many rows of each stratum are wanted for validation: together the share of all rows, to a row, and at least
    one row on each side."""
    rows = sum(sizes.values())
    wanted = wanted_rows(rows, share)
    exact = {name: size * share for name, size in sizes.items()}
    quotas = {name: int(amount) for name, amount in exact.items()}
    # Where remainders are equal the seed decides, not the alphabet.
    queue = sorted(sizes, key=lambda name: (quotas[name] - exact[name], digest(str(seed).encode(), name.encode())))
    for name in queue[: max(wanted - sum(quotas.values()), 0)]:
        quotas[name] += 1
    return quotas


def wanted_rows(rows: int, share: Fraction) -> int:
    """The share of `rows`, rounded, with at least one row on each side."""
    return min(max(int(rows * share + Fraction(1, 2)), 1), rows - 1)


def is_far_off(rows: int, wanted: int) -> bool:
    """Whether so many rows for validation are worth a word where `wanted` were asked for: more than a tenth off."""
    return abs(rows - wanted) > max(1, wanted // 10)


def _taken(queue: Sequence[Group], quota: int) -> list[Group]:
    taken: list[Group] = []
    left: list[Group] = []
    for group in queue:
        fits = group.size <= quota
        (taken if fits else left).append(group)
        quota -= group.size if fits else 0
    if left:
        smallest = min(left, key=lambda group: (group.size, group.rank))
        # A little too much is nearer to the share than much too little.
        taken += [smallest] if smallest.size - quota < quota else []
    return taken


def _undivided(rows: int) -> Problem:
    if rows == 1:
        return Problem("The dataset cannot be parted", "It has one row.", advice="Add rows.")
    return Problem(
        "The dataset cannot be parted",
        f"All its {rows:,} rows ask the same or nearly the same, and such rows are kept on one side: a model is not "
        "tested on what it was taught.",
        advice="Where the rows differ in what the user does not say, keep only identical rows together: "
        "-together=identical.",
    )
