"""Files read by the machines of a Ray cluster: Ray's door.

Each shard is a task of Ray Data. It finds what this machine would find, because the same code looks at the shard: a
machine with another version of ftplan is refused. Ray is kept from the screen and from the network: it reports nothing
to its authors, has no dashboard, and one that is started here lets in nobody without its token.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import re
import secrets
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any, NoReturn

from ftplan import __version__
from ftplan.datasets.rows.faults import shown
from ftplan.datasets.scanning.shards import SHARD_BYTES, Read, Share, Work
from ftplan.errors import DatasetError, Problem, UsageError

LOCAL, OWN = "local", "auto"
# A machine that is done with a share finds another one at hand.
SHARES_AHEAD = 2
MAX_AT_ONCE = 64
CONNECT_SECONDS = 5.0
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")
_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"
_RAISED = re.compile(r"[\w.]*(?:Error|Exception): ")
FAREWELL_SECONDS = 0.5
_SILENT = logging.CRITICAL + 1


def cluster_at(address: str, *, processes: int | None = None) -> RayCluster:
    """The cluster that `address` means: `local` starts a Ray of so many processes on this machine, `auto` joins the
    cluster that it belongs to, HOST:PORT another one. Nothing is started yet. Raises UsageError for an address that
    says something else, and where Ray is not installed."""
    if address not in (LOCAL, OWN) and not _HOST.fullmatch(address):
        detail = f"{shown(address)} is not local, auto or HOST:PORT."
        if address.startswith("ray://"):
            detail = "Ray's client (ray://) has no Ray Data."
        advice = "Run ftplan on a machine of the cluster with auto, or start a Ray here with local."
        raise UsageError("Unusable address of a Ray cluster", detail=detail, advice=advice)
    # Every other import is asked for here, so that a long read does not end for the want of one.
    missing = [name for name in ("ray", "pandas", "pyarrow") if find_spec(name) is None]
    if missing:
        raise UsageError(
            Problem(
                "Ray is not installed",
                f"Reading datasets by a Ray cluster needs {', '.join(missing)}.",
                advice="Install the extra, here and on every machine of the cluster, or read without a cluster.",
                command="pip install 'ftplan[ray]'",
            )
        )
    return RayCluster(address, processes=processes)


class RayCluster:
    """The machines of a cluster. It is joined, or started, once something is read, and left, or ended, on exit."""

    def __init__(self, address: str, *, processes: int | None = None, shard_bytes: int = SHARD_BYTES) -> None:
        self.shard_bytes = shard_bytes
        self._address, self._processes = address, processes
        self._ray: Any = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> RayCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ray = None
        self._open.close()

    @property
    def at_once(self) -> int:
        """Raises DatasetError where there is no cluster."""
        cores = int(self._joined().cluster_resources().get("CPU", 1))
        return max(1, min(MAX_AT_ONCE, cores * SHARES_AHEAD))

    def read(self, work: Work, shares: Sequence[Share]) -> Generator[Read, None, None]:
        """What `work` says of each share, in their order. Raises DatasetError where the cluster fails."""
        ray = self._joined()
        rows = [{"number": number, "share": pickle.dumps(share)} for number, share in enumerate(shares)]
        try:
            tasks = ray.data.from_items(rows, override_num_blocks=len(rows)).map(_Task(pickle.dumps(work)))
            with contextlib.closing(iter(tasks.iter_rows())) as results:
                for number, row in enumerate(results):
                    yield _read(row, number)
        except ray.exceptions.RayError as error:
            raise _failed(_cause(error)) from error

    def _joined(self) -> Any:
        """The module `ray`, with a cluster behind it."""
        if self._ray is None:
            with contextlib.ExitStack() as stack:
                self._ray = _start(self._address, self._processes, stack)
                self._open = stack.pop_all()
        return self._ray


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker does with one row of the table that Ray Data is given; it makes another row of it."""

    work: bytes
    version: str = __version__

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if self.version != __version__:
            return {"number": row["number"], "version": __version__, "read": b""}
        work, share = pickle.loads(self.work), pickle.loads(row["share"])  # noqa: S301 - Ray itself sends pickles
        return {"number": row["number"], "version": __version__, "read": pickle.dumps(work(share))}


def _read(row: Mapping[str, Any], number: int) -> Read:
    if row["version"] != __version__:
        raise _failed(f"A machine of it has ftplan {row['version']}, and this one {__version__}")
    if row["number"] != number:
        raise _failed("It gave the shards back in another order")
    read: Read = pickle.loads(row["read"])  # noqa: S301
    return read


def _start(address: str, processes: int | None, stack: contextlib.ExitStack) -> Any:
    """The module `ray`, joined to a cluster until `stack` is closed; for `auto` that may be the one this process has
    joined before. Raises DatasetError."""
    if address not in (LOCAL, OWN):
        _must_answer(address)
    _set_quiet(address)
    # Costs 400 ms, and Ray Data as much again; a Ray that is started takes four seconds, and its first task as many.
    import ray
    import ray.data

    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(_SILENT)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    if ray.is_initialized() and address == OWN:
        return ray
    if ray.is_initialized():
        raise _failed("This process has joined another one before")
    settings = _settings(address, processes, stack)
    stack.callback(ray.shutdown)
    stack.callback(_await_readers)
    try:
        with _unheard():
            stack.enter_context(_sigterm_for(lambda: ray.init(**settings)))
    except Exception as error:  # what goes wrong here has no common kind
        raise _failed(_cause(error)) from error
    return ray


def _await_readers() -> None:
    """Gives what Ray Data reads ahead with time to end: where it asks on, Ray, once shut down, ends this process."""
    for thread in threading.enumerate():
        if str(getattr(getattr(thread, "_target", None), "__module__", "")).startswith("ray.data"):
            thread.join(FAREWELL_SECONDS)


def _set_quiet(address: str) -> None:
    """Ray reads these when it is imported, and what it starts reads them again."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address == LOCAL and "ray" not in sys.modules:
        # Its processes listen on all networks of this machine, and do what they are told. Asked for from Ray 2.52 on.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _settings(address: str, processes: int | None, stack: contextlib.ExitStack) -> dict[str, Any]:
    said: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": _SILENT}
    # Ray opens its own folder to everybody; nobody else gets as far as that. A path of a socket must be short.
    private = stack.enter_context(tempfile.TemporaryDirectory(prefix="ftplan-", dir="/tmp", ignore_cleanup_errors=True))
    empty, own = os.path.join(private, "empty"), os.path.join(private, "r")
    os.mkdir(empty)
    if _JOB not in os.environ:
        # Or else the folder we run in comes first on the path of every worker, and a json.py in it before Python's.
        said["runtime_env"] = {"working_dir": empty}
    if address == LOCAL:
        said |= {"num_cpus": processes, "include_dashboard": False, "_temp_dir": own}
    return said


def _must_answer(address: str) -> None:
    """Raises DatasetError where nobody does: Ray would wait for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _failed(f"Nobody answers at {address}: {error}") from None


@contextlib.contextmanager
def _sigterm_for(start: Callable[[], object]) -> Iterator[None]:
    """Ray takes SIGTERM for itself when it starts. Here it stays whose it was; where it was nobody's it ends this
    process in order, so that Ray's folder and its processes are gone as well."""
    if threading.current_thread() is not threading.main_thread():
        start()
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        start()
        signal.signal(signal.SIGTERM, _end if before == signal.SIG_DFL else before)
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What is written to stderr meanwhile is lost: Ray's core tells there, once a second, why it cannot join."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _failed(why: str) -> DatasetError:
    advice = (
        "Every machine of it needs the same Python and the same ftplan[ray]; a cluster that asks for a token wants "
        "RAY_AUTH_MODE=token. Or read without a cluster."
    )
    return DatasetError(Problem("The Ray cluster failed", f"{why.rstrip('.')}.", advice=advice))


def _cause(error: BaseException) -> str:
    """What was raised first, of all that Ray tells about an error."""
    said = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return next((line for line in said if _RAISED.match(line)), said[0])[:200]
