"""Blocks of one file read by several processes. What they find comes back in the order of the file.

Each worker is a new interpreter, not a fork: a tokenizer's threads would not survive one. It is handed the bytes that
were hashed here and opens no file. A worker that does not start, dies or fails costs time and nothing else: its blocks
are read again in this process. Workers end with this process, however it ends, because their line to it is cut.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe
from queue import SimpleQueue
from types import TracebackType

from ftplan.datasets.reading.lines import Block
from ftplan.datasets.scanning.blockread import BlockFacts, BlockReader

# A worker always has a second block at hand while it reads the first.
BLOCKS_AHEAD = 2
# Isolated (-I), so that neither the folder ftplan runs in nor PYTHONPATH decides what is imported.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from ftplan.datasets.scanning.workers import serve; serve(int(sys.argv[2]))"
)


def read_apart(blocks: Iterator[Block], reader: BlockReader, processes: int) -> Iterator[BlockFacts]:
    """What each block holds, in order, as `reader` would have found, whose format must be known.

    No more than a few blocks a process are held. Workers end when the last is read, when this is closed, and on any
    error.
    """
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(_Worker(reader)) for _ in range(processes)]
        under_way: deque[tuple[_Worker, Block]] = deque()
        for number, block in enumerate(blocks):
            if len(under_way) == processes * BLOCKS_AHEAD:
                yield _finished(*under_way.popleft(), reader)
            worker = workers[number % processes]
            worker.give(block)
            under_way.append((worker, block))
        while under_way:
            yield _finished(*under_way.popleft(), reader)


def serve(descriptor: int) -> None:
    """The life of a worker: blocks in, what they hold out, until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with Connection(descriptor) as line, contextlib.suppress(EOFError, OSError):
        reader: BlockReader = line.recv()
        given: SimpleQueue[Block | None] = SimpleQueue()
        threading.Thread(target=_receive, args=(line, given), daemon=True).start()
        while (block := given.get()) is not None:
            line.send(reader.read(block))


def _receive(line: Connection, given: SimpleQueue[Block | None]) -> None:
    # By a thread of its own, so that the other side can always hand over a block while a result waits for it.
    with contextlib.suppress(EOFError, OSError):
        while True:
            given.put(line.recv())
    given.put(None)


def _finished(worker: _Worker, block: Block, reader: BlockReader) -> BlockFacts:
    found = worker.take()
    return reader.read(block) if found is None else found


class _Worker:
    """Another process that reads blocks. Once something is wrong with it, it takes nothing and gives nothing."""

    def __init__(self, reader: BlockReader) -> None:
        self._line: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = reader

    def __enter__(self) -> _Worker:
        with contextlib.suppress(OSError, ValueError):
            ours, theirs = Pipe()
            try:
                self._process = _started(theirs)
                self._line = ours
                ours.send(self._reader)
            finally:
                theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def give(self, block: Block) -> None:
        if self._line is not None:
            try:
                self._line.send(block)
            except OSError:
                self._give_up()

    def take(self) -> BlockFacts | None:
        """What it found in the oldest block it was given and has not answered for; None where it is gone."""
        if self._line is None:
            return None
        try:
            found: BlockFacts = self._line.recv()
        except (EOFError, OSError):
            self._give_up()
            return None
        return found

    def _give_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


def _started(line: Connection) -> subprocess.Popen[bytes]:
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])
    command = [sys.executable, "-I", "-c", _START, path, str(line.fileno())]
    return subprocess.Popen(  # noqa: S603 - this interpreter, and no word of it from outside
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[line.fileno()],
    )
