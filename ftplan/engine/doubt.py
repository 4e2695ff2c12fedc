"""The refusal to go on where a paid call may have been made."""

from __future__ import annotations

from collections.abc import Iterable

from ftplan.core.deciding.doubt import ways_out
from ftplan.core.facts import RemoteJob
from ftplan.core.spec import Address
from ftplan.errors import Problem, ProviderError


def in_doubt(address: Address, provider: str, jobs: Iterable[RemoteJob] = ()) -> ProviderError:
    """The refusal to guess, with the commands by which a person decides. `jobs` are those it may be, empty where
    they cannot be looked for."""
    known = [job.id for job in jobs]
    where = f": it may be {' or '.join(known)}" if known else ", where it cannot be looked for"
    return ProviderError(
        Problem(
            "Outcome of a paid call is unknown",
            f"A job for {address} may have been started at {provider}{where}.",
            address=str(address),
            advice="Nothing is started, so that nothing is paid for twice. Look at the provider's list of jobs, then "
            f"say what you found:\n\n{ways_out(address, known)}",
        )
    )
