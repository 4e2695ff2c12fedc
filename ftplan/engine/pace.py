"""How much longer a job takes: by its service's own word, else by the rate at which its steps were seen to come."""

from __future__ import annotations

from dataclasses import dataclass

from ftplan.core.facts import JobProgress, Phase, RemoteJob
from ftplan.core.ports import Clock

# What a service expects beyond this is no expectation.
LONGEST_SECONDS = 366 * 86_400.0


@dataclass(slots=True)
class Pace:
    """The steps of one job as they were seen to come. `_since` is the first step that was seen and when, on the clock
    that only goes forward."""

    _since: tuple[int, float] | None = None

    def remaining(self, job: RemoteJob, progress: JobProgress | None, clock: Clock) -> float | None:
        """Seconds until `job` is expected to be done; None where nobody can tell, and while it is paused."""
        if job.phase is Phase.PAUSED:
            # Time in which no step could come says nothing about how fast they come.
            self._since = None
            return None
        by_steps = self._by_steps(progress, clock.monotonic())
        now = clock.now().timestamp()
        if job.estimated_finish is not None and now < job.estimated_finish < now + LONGEST_SECONDS:
            return job.estimated_finish - now
        return by_steps

    def _by_steps(self, progress: JobProgress | None, moment: float) -> float | None:
        if progress is None or progress.step is None:
            return None
        if self._since is None or progress.step < self._since[0]:
            self._since = (progress.step, moment)
        step, seen_at = self._since
        done, took = progress.step - step, moment - seen_at
        if progress.total_steps is None or done <= 0:
            return None
        left = took * (progress.total_steps - progress.step) / done
        return left if 0 <= left < LONGEST_SECONDS else None
