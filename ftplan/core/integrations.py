"""What a provider reports to elsewhere while a job trains. It makes no model another one: it is part of no recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WandbReport:
    """A run at Weights & Biases that the provider itself writes, with the key that its owner has left there. Without a
    `name` it is called as the job."""

    project: str
    name: str | None = None
    entity: str | None = None
    tags: tuple[str, ...] = ()

    def as_mapping(self) -> dict[str, Any]:
        """What was said, and nothing else."""
        said = {"project": self.project, "name": self.name, "entity": self.entity, "tags": list(self.tags) or None}
        return {name: value for name, value in said.items() if value is not None}
