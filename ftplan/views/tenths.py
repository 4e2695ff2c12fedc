"""Which of many small steps are worth a line where nothing can be drawn in place."""

from __future__ import annotations

from dataclasses import dataclass, field

from ftplan.core.notices import QuestionsAnswered


@dataclass(slots=True)
class Tenths:
    """About a line for each tenth of the way, for each address."""

    _told: dict[str, tuple[int, int]] = field(default_factory=dict)

    def is_next(self, event: QuestionsAnswered) -> bool:
        """Whether a tenth was reached that was not told yet."""
        reached = (event.total, 10 * event.done // max(1, event.total))
        before, self._told[str(event.address)] = self._told.get(str(event.address)), reached
        return before != reached
