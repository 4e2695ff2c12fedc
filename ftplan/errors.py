"""How things go wrong, and with which exit code the process ends.

    FtplanError                 1   carries the problems to print; never shown as a traceback
    ├── UsageError              1   a flag or an argument makes no sense
    ├── ConfigError             1   ftplan.yaml cannot be understood
    ├── DatasetError            1   a dataset file cannot be read or breaks its method's rules
    │   └── DatasetUnreadable   1   its bytes broke off while they were read; an OSError as well
    ├── ProviderError           1   a provider said no, or could not be asked
    │   ├── NotAllowed          1   the key is missing, wrong, or lacks a right
    │   ├── Unreachable         1   no usable answer; the question may be asked again later
    │   ├── Rejected            1   a write was refused before anything happened: nothing was bought
    │   └── OutcomeUnknown      1   a write was sent and its answer lost: it may have happened
    ├── StateError              1   the state cannot be read, or must not be written
    │   ├── StateDamaged        1   what is stored is no state, or one that cannot be true
    │   ├── StateConflict       1   somebody else wrote the state since we read it
    │   ├── StateUnsaved        1   a fact could not be saved; an emergency copy was written
    │   └── LockHeld            1   another run holds the lock
    ├── PlanStale               1   a saved plan no longer describes the world
    ├── GateRefused            10   a gate said no; nothing was started
    │   └── NotPromoted        10   an evaluation said no; the rest was carried out, and the alias stays
    ├── JobsFailed             11   a training job ended failed or cancelled; the rest was carried out
    └── Interrupted           130   SIGINT (SIGTERM: 143); the state is saved, jobs go on

What a user can cause by input is returned as `Problem` values, all of them at once; an exception is raised
only where going on makes no sense.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a problem stands. Lines and columns count from 1; None where they are not known."""

    path: str
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what (summary, constant), why (detail), where (place), what to do (advice).

    `command` is a line to paste into a shell. No field may hold a secret; text from outside is cleaned when it
    is shown, not here. `rule` is the name by which a dataset's rule can be raised or silenced.
    """

    summary: str
    detail: str = ""
    place: Place | None = None
    advice: str = ""
    command: str = ""
    severity: Severity = "error"
    address: str = ""
    rule: str = ""


class FtplanError(Exception):
    """What cannot go on. `problems` is what the user reads."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem] | str, **fields: str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems, **fields)  # type: ignore[arg-type]
        self.problems: Sequence[Problem] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(": ".join(filter(None, (p.summary, p.detail))) for p in self.problems))


class UsageError(FtplanError):
    """A flag or an argument makes no sense."""


class ConfigError(FtplanError):
    """The configuration cannot be understood."""


class DatasetError(FtplanError):
    """A dataset file cannot be read or breaks the rules of its method."""


class DatasetUnreadable(DatasetError, OSError):
    """The bytes of a dataset broke off while they were read: damaged, too many, or not what they were. Whoever reads
    files gets it as the OSError that reading raises, with its `strerror`."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        super().__init__(problems)
        self.strerror = f"{self.problems[0].summary}: {self.problems[0].detail}".rstrip(".")


class ProviderError(FtplanError):
    """A provider said no, or could not be asked. `request_id` helps its support to find the call."""

    def __init__(self, problems: Problem | Iterable[Problem] | str, *, request_id: str = "", **fields: str) -> None:
        super().__init__(problems, **fields)
        self.request_id = request_id


class NotAllowed(ProviderError):
    """The key is missing, wrong, or lacks a right."""


class Unreachable(ProviderError):
    """No usable answer to a read. `retry_after` in seconds where the provider named it; `is_missing` where it says that
    there is no such model, as it does of one that is not ready yet; `may_be_paid` where a question to a model was sent,
    which is billed even though its answer did not come."""

    retry_after: float | None = None
    is_missing: bool = False
    may_be_paid: bool = False


class Rejected(ProviderError):
    """A write was refused before anything happened. `busy` marks a queue (rate limit, too many active jobs)."""

    busy: bool = False
    retry_after: float | None = None


class OutcomeUnknown(ProviderError):
    """A write was sent and its answer was lost. It may have happened: look before sending it again."""


class StateError(FtplanError):
    """The state cannot be read, or must not be written."""


class StateDamaged(StateError):
    """What is stored cannot be read as a state, or holds what cannot be true. It is never taken for an empty one."""


class StateConflict(StateError):
    """Somebody else wrote the state since it was read."""


class StateUnsaved(StateError):
    """A fact could not be saved. `copy` is the path of the emergency copy, empty where even that failed."""

    copy: str = ""


class LockHeld(StateError):
    """Another run holds the lock."""


class PlanStale(FtplanError):
    """A saved plan no longer describes the world."""


class GateRefused(FtplanError):
    """A gate said no; nothing was started."""

    exit_code = 10


class NotPromoted(GateRefused):
    """An evaluation said no: the alias stays where it is, the model is kept, and the rest was carried out."""


class JobsFailed(FtplanError):
    """A training job ended failed or cancelled; the rest was carried out."""

    exit_code = 11


class Interrupted(FtplanError):
    """A signal asked us to stop. The state is saved and running jobs go on."""

    exit_code = 130
