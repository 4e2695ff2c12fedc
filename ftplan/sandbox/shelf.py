"""Files as records and blobs. All SQL about files is here."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ftplan.sandbox.schedule import Job
from ftplan.sandbox.store import Store
from ftplan.sandbox.wire import Json, bad_request, derived_id, fresh_id, not_found

_PIECE = 1 << 20
EXPIRY_SECONDS = range(3600, 2_592_001)


class Shelf:
    """Every file of the store; ``is_out`` says of a job's result file whether the job has come that far."""

    def __init__(self, store: Store, is_out: Callable[[str], bool]) -> None:
        self._store, self._is_out = store, is_out

    def blob(self, name: str) -> Path:
        return self._store.blob(name)

    def keep(self, source: BinaryIO, record: Json) -> Json:
        """A new file with the bytes of ``source``; ``record`` gives filename, purpose, ready and expires."""
        file_id = fresh_id("file-", 22)
        self.write_blob(file_id, source)
        self._insert(file_id, None, {"created": time.time(), **record})
        return self.file(file_id)

    def keep_result(self, job: Job, content: bytes) -> str:
        """The id of the job's result file; the same however often it is kept."""
        file_id = derived_id("file-", job.id, "result", length=22)
        path = self._store.blob(file_id)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(content)
        partial.chmod(0o600)
        partial.replace(path)
        now = time.time()
        record = {"filename": "step_metrics.csv", "purpose": "fine-tune-results", "created": now, "ready": now}
        self._insert(file_id, job.id, {**record, "expires": None})
        return file_id

    def write_blob(self, name: str, *sources: BinaryIO) -> int:
        """The sources' bytes one after another, a piece at a time; gives how many there are."""
        with open(os.open(self.blob(name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as target:
            for source in sources:
                shutil.copyfileobj(source, target, _PIECE)
            return target.tell()

    def lend(self, file_id: str, name: str) -> None:
        """A second name for a file's bytes: a job keeps its rows though the file be deleted."""
        try:
            os.link(self.blob(file_id), self.blob(name))
        except OSError:  # a file system without hard links
            shutil.copyfile(self.blob(file_id), self.blob(name))

    def drop_blob(self, name: str) -> None:
        self.blob(name).unlink(missing_ok=True)

    def file(self, file_id: str) -> Json:
        """The file as the wire shows it; raises a 404 when there is none (any more)."""
        with self._store.reading() as db:
            row = db.execute("SELECT id, job_id, doc FROM files WHERE id = ?", (file_id,)).fetchone()
        shown = self._shown(*row) if row else None
        if shown is None:
            raise not_found(f"No such File object: {file_id[:80]}", "id")
        return shown

    def ready_at(self, file_id: str) -> float:
        with self._store.reading() as db:
            (doc,) = db.execute("SELECT doc FROM files WHERE id = ?", (file_id,)).fetchone()
        return float(json.loads(doc)["ready"])

    def files(self, *, newest_first: bool) -> list[Json]:
        with self._store.reading() as db:
            rows = db.execute("SELECT id, job_id, doc FROM files ORDER BY seq").fetchall()
        shown = [file for row in rows if (file := self._shown(*row)) is not None]
        return shown[::-1] if newest_first else shown

    def delete(self, file_id: str) -> None:
        self.file(file_id)
        with self._store.writing() as db:
            db.execute("DELETE FROM files WHERE id = ?", (file_id,))
        self.drop_blob(file_id)

    def _insert(self, file_id: str, job_id: str | None, record: Json) -> None:
        record = {**record, "bytes": self.blob(file_id).stat().st_size}
        with self._store.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO files (id, job_id, doc) VALUES (?, ?, ?)", (file_id, job_id, json.dumps(record))
            )

    def _shown(self, file_id: str, job_id: str | None, doc: str) -> Json | None:
        record, now = json.loads(doc), time.time()
        if record["expires"] is not None and record["expires"] <= now:
            return None
        if job_id is not None and not self._is_out(job_id):
            return None
        return {
            "id": file_id,
            "object": "file",
            "bytes": record["bytes"],
            "created_at": int(record["created"]),
            "expires_at": record["expires"],
            "filename": record["filename"],
            "purpose": record["purpose"],
            "status": "processed" if record["ready"] <= now else "uploaded",
            "status_details": None,
        }


def expiry(anchor: object, seconds: object) -> int | None:
    """When a file expires that is made now, from the two fields of ``expires_after``; None when neither is given."""
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at" or not str(seconds).isdecimal() or int(str(seconds)) not in EXPIRY_SECONDS:
        raise bad_request(
            "'expires_after' needs the anchor 'created_at' and from 3600 to 2592000 seconds.", "expires_after"
        )
    return int(time.time()) + int(str(seconds))


def checked_name(filename: object, purpose: object, purposes: frozenset[str]) -> tuple[str, str]:
    """The file's name and purpose, or a 400."""
    if not isinstance(purpose, str) or purpose not in purposes:
        raise bad_request(f"'purpose' must be one of {', '.join(sorted(purposes))}.", "purpose")
    if not isinstance(filename, str) or not filename:
        raise bad_request("The file has no name.", "file")
    if purpose == "fine-tune" and not filename.endswith(".jsonl"):
        raise bad_request(f"Invalid file format for fine-tuning: {filename[:80]!r} is not a .jsonl file.", "file")
    return filename, purpose
