"""Which addresses a run is about: everything, or what `-target` and `-exclude` leave."""

from __future__ import annotations

from dataclasses import dataclass

from ftplan.core.desired import Desired
from ftplan.core.records import State
from ftplan.core.spec import Address


@dataclass(frozen=True, slots=True)
class Scope:
    """The addresses that are covered; None for all of them."""

    covered: frozenset[Address] | None = None

    def covers(self, address: Address) -> bool:
        return self.covered is None or address in self.covered

    @staticmethod
    def of(
        desired: Desired,
        state: State,
        targets: frozenset[Address],
        excludes: frozenset[Address],
        *,
        destroying: bool = False,
    ) -> Scope:
        """The targets with all they depend on, or everything; less the excluded and all that depends on them.

        When destroying, exactly the targets, since nobody who names a model means its parent and its files; less
        the excluded and all that these depend on.
        """
        if not targets and not excludes:
            return Scope()
        needs = _needs(desired)
        dependents: dict[Address, set[Address]] = {}
        for address, needed in needs.items():
            for item in needed:
                dependents.setdefault(item, set()).add(address)
        wanted = _closure(targets, {} if destroying else needs) if targets else known_addresses(desired, state)
        return Scope(frozenset(wanted - _closure(excludes, needs if destroying else dependents)))


def known_addresses(desired: Desired, state: State) -> set[Address]:
    """Every address that is declared or remembered."""
    declared = {dataset.address for dataset in desired.project.datasets.values()}
    declared |= {model.address for model in desired.project.models.values()}
    files = {Address("dataset", name) for file in state.files.values() for name in (file.datasets or (file.filename,))}
    aliases = {Address("alias", name) for name in {*desired.project.aliases, *state.aliases}}
    return declared | files | aliases | {Address("model", name) for name in state.models}


def edges(desired: Desired) -> list[tuple[Address, Address]]:
    """Every (model or alias, what it needs) pair, sorted: the graph."""
    return sorted((address, needed) for address, all_needed in _needs(desired).items() for needed in all_needed)


def _needs(desired: Desired) -> dict[Address, set[Address]]:
    needs: dict[Address, set[Address]] = {}
    for model in desired.project.models.values():
        names = [name for name in (model.dataset, model.validation) if name]
        needs[model.address] = {Address("dataset", name) for name in names}
        if model.parent:
            needs[model.address].add(Address("model", model.parent))
    for alias in desired.project.aliases.values():
        needs[Address("alias", alias.name)] = {Address("model", alias.model)}
    return needs


def _closure(start: frozenset[Address], arrows: dict[Address, set[Address]]) -> set[Address]:
    reached: set[Address] = set()
    waiting = list(start)
    while waiting:
        address = waiting.pop()
        if address not in reached:
            reached.add(address)
            waiting.extend(arrows.get(address, ()))
    return reached
