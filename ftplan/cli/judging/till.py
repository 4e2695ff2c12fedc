"""What an evaluation paid for, answer by answer, as the lines of the ledger that come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ftplan.core.bases import priced_as
from ftplan.core.catalog import Catalog
from ftplan.core.comparing.asking_cost import asking_cost
from ftplan.core.comparing.questions import Answer
from ftplan.core.entries import Answered
from ftplan.core.records import ModelRecord, State
from ftplan.engine.inquiry import Asked


@dataclass(slots=True)
class Till:
    """The answers that one evaluation of a model paid for, by the provider and the id of whoever gave them."""

    evaluation: str
    record: ModelRecord
    catalogs: Mapping[str, Catalog]
    state: State
    _answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)

    def take(self, asked: Asked, answer: Answer) -> None:
        """An answer that was paid for just now."""
        self._answers.setdefault((asked.provider, asked.question.model), []).append(answer)

    def entries(self, now: datetime) -> Iterator[Answered]:
        """A line for each model that answered. At a rehearsal the amount is what it would have been."""
        # To the microsecond: a second asking within a second is another one.
        moment, when = now.isoformat(timespec="seconds"), now.isoformat(timespec="microseconds")
        for (provider, model_id), answers in sorted(self._answers.items()):
            catalog = self.catalogs[provider]
            yield Answered(
                key=f"{self.evaluation} {self.record.name} {provider} {model_id} {when}",
                name=self.evaluation,
                model=self.record.name,
                provider=provider,
                at=moment,
                answers=len(answers),
                amount=asking_cost(answers, catalog.base(priced_as(provider, model_id, self.state))),
                rehearsal=any(answer.rehearsal for answer in answers),
            )
