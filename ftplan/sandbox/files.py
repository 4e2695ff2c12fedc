"""Endpoints of /v1/files and /v1/uploads."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ftplan.sandbox.shelf import Shelf, checked_name, expiry
from ftplan.sandbox.store import Store
from ftplan.sandbox.wire import BlobAnswer, Call, Json, WireError, bad_request, endpoint, fresh_id, not_found, page

LARGEST_FILE = 512 * 1024 * 1024
LARGEST_UPLOAD = 8 * 1024**3
LARGEST_PART = 64 * 1024 * 1024
UPLOAD_SECONDS = 3600
_FRAME = 64 * 1024  # what a multipart body may weigh beside its file
_UPLOAD_PURPOSES = frozenset({"assistants", "batch", "fine-tune", "vision"})
_PURPOSES = _UPLOAD_PURPOSES | {"user_data", "evals"}


class Files:
    """``take_fault`` is asked at each new file for the rules that touch it; it gives None where none does."""

    def __init__(self, store: Store, shelf: Shelf, take_fault: Callable[[str], Any]) -> None:
        self._store, self._shelf, self._take_fault = store, shelf, take_fault

    def routes(self) -> list[Route]:
        return [
            Route("/files", self.create, methods=["POST"]),
            Route("/files", endpoint(self.list), methods=["GET"]),
            Route("/files/{id}", endpoint(self.retrieve), methods=["GET"]),
            Route("/files/{id}", endpoint(self.delete), methods=["DELETE"]),
            Route("/files/{id}/content", endpoint(self.content), methods=["GET"]),
            Route("/uploads", endpoint(self.create_upload), methods=["POST"]),
            Route("/uploads/{id}/parts", self.add_part, methods=["POST"]),
            Route("/uploads/{id}/complete", endpoint(self.complete_upload), methods=["POST"]),
            Route("/uploads/{id}/cancel", endpoint(self.cancel_upload), methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        largest = await run_in_threadpool(self._largest_file)
        await _refuse_larger_than(request, largest)
        with _closing(await request.form()) as form:
            return JSONResponse(await run_in_threadpool(self._keep, form, largest))

    def _keep(self, form: FormData, largest: int) -> Json:
        sent = _sent_file(form, "file", largest)
        name, purpose = checked_name(sent.filename, form.get("purpose"), _PURPOSES)
        expires = expiry(form.get("expires_after[anchor]"), form.get("expires_after[seconds]"))
        return self._shelf.keep(sent.file, self._record(name, purpose, expires))

    def list(self, call: Call) -> Json:
        order, purpose = call.query.get("order", "desc"), call.query.get("purpose")
        if order not in ("asc", "desc"):
            raise bad_request("'order' must be asc or desc.", "order")
        found = self._shelf.files(newest_first=order == "desc")
        wanted = [file for file in found if purpose in (None, file["purpose"])]
        return page(wanted, call, default=10_000, largest=10_000)

    def retrieve(self, call: Call) -> Json:
        return self._shelf.file(call.params["id"])

    def content(self, call: Call) -> Response:
        file = self._shelf.file(call.params["id"])
        return BlobAnswer(self._shelf.blob(file["id"]))

    def delete(self, call: Call) -> Json:
        self._shelf.delete(call.params["id"])
        return {"id": call.params["id"], "object": "file", "deleted": True}

    def create_upload(self, call: Call) -> Json:
        body = call.json_object()
        name, purpose = checked_name(body.get("filename"), body.get("purpose"), _UPLOAD_PURPOSES)
        size = body.get("bytes")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= LARGEST_UPLOAD:
            raise bad_request(f"'bytes' must be a whole number from 1 to {LARGEST_UPLOAD}.", "bytes")
        if not isinstance(body.get("mime_type"), str):
            raise bad_request("'mime_type' must be a string.", "mime_type")
        after = body.get("expires_after") or {}
        if not isinstance(after, dict):
            raise bad_request("'expires_after' must be an object.", "expires_after")
        record = {
            "id": fresh_id("upload_"),
            "created": int(time.time()),
            "filename": name,
            "purpose": purpose,
            "bytes": size,
            "status": "pending",
            "file_expires": expiry(after.get("anchor"), after.get("seconds")),
            "file_id": None,
        }
        self._save(record)
        return self._shown(record)

    async def add_part(self, request: Request) -> Response:
        await _refuse_larger_than(request, LARGEST_PART)
        with _closing(await request.form()) as form:
            return JSONResponse(await run_in_threadpool(self._keep_part, request.path_params["id"], form))

    def _keep_part(self, upload_id: str, form: FormData) -> Json:
        upload = self._pending(upload_id)
        sent = _sent_file(form, "data", LARGEST_PART)
        part_id = fresh_id("part_")
        size = self._shelf.write_blob(part_id, sent.file)
        with self._store.writing() as db:
            db.execute("INSERT INTO parts VALUES (?, ?, ?)", (part_id, upload["id"], size))
        return {
            "id": part_id,
            "object": "upload.part",
            "created_at": int(time.time()),
            "upload_id": upload["id"],
        }

    def complete_upload(self, call: Call) -> Json:
        upload, body = self._pending(call.params["id"]), call.json_object()
        sizes, part_ids = self._parts(upload["id"]), body.get("part_ids")
        part_ids = list(map(str, part_ids)) if isinstance(part_ids, list) else []
        if not part_ids or len(set(part_ids)) != len(part_ids):
            raise bad_request("'part_ids' must list each part once.", "part_ids")
        if unknown := [part for part in part_ids if part not in sizes]:
            raise bad_request(f"There is no part {unknown[0][:80]!r} of this upload.", "part_ids")
        if (total := sum(sizes[part] for part in part_ids)) != upload["bytes"]:
            raise bad_request(f"The parts have {total} bytes; {upload['bytes']} were announced.", "part_ids")
        whole = f"{upload['id']}.whole"
        with ExitStack() as stack:
            parts = [stack.enter_context(self._shelf.blob(part).open("rb")) for part in part_ids]
            self._shelf.write_blob(whole, *parts)
        try:
            if body.get("md5") not in (None, _md5_of(self._shelf, whole)):
                raise bad_request("The MD5 of the parts together is not the one given.", "md5")
            with self._shelf.blob(whole).open("rb") as source:
                record = self._record(upload["filename"], upload["purpose"], upload["file_expires"])
                file = self._shelf.keep(source, record)
        finally:
            self._shelf.drop_blob(whole)
        return self._ended(upload, "completed", file["id"])

    def cancel_upload(self, call: Call) -> Json:
        return self._ended(self._pending(call.params["id"]), "cancelled", None)

    def _largest_file(self) -> int:
        return int(self._take_fault("largest_file_bytes") or LARGEST_FILE)

    def _record(self, name: str, purpose: str, expires: int | None) -> Json:
        ready = time.time() + float(self._take_fault("file_processing_seconds") or 0)
        return {"filename": name, "purpose": purpose, "ready": ready, "expires": expires}

    def _ended(self, upload: Json, status: str, file_id: str | None) -> Json:
        for part in self._parts(upload["id"]):
            self._shelf.drop_blob(part)
        ended = {**upload, "status": status, "file_id": file_id}
        self._save(ended)
        return self._shown(ended)

    def _parts(self, upload_id: str) -> dict[str, int]:
        with self._store.reading() as db:
            return dict(db.execute("SELECT id, bytes FROM parts WHERE upload_id = ?", (upload_id,)).fetchall())

    def _pending(self, upload_id: str) -> Json:
        with self._store.reading() as db:
            row = db.execute("SELECT doc FROM uploads WHERE id = ?", (upload_id,)).fetchone()
        if row is None:
            raise not_found(f"No such Upload object: {upload_id[:80]}", "upload_id")
        upload: Json = json.loads(row[0])
        status = self._shown(upload)["status"]
        if status != "pending":
            raise bad_request(f"This upload is {status}, not pending.", "upload_id")
        return upload

    def _save(self, upload: Json) -> None:
        with self._store.writing() as db:
            db.execute("INSERT OR REPLACE INTO uploads VALUES (?, ?)", (upload["id"], json.dumps(upload)))

    def _shown(self, upload: Json) -> Json:
        expires_at = upload["created"] + UPLOAD_SECONDS
        has_expired = upload["status"] == "pending" and expires_at <= time.time()
        return {
            "id": upload["id"],
            "object": "upload",
            "bytes": upload["bytes"],
            "created_at": upload["created"],
            "filename": upload["filename"],
            "purpose": upload["purpose"],
            "status": "expired" if has_expired else upload["status"],
            "expires_at": expires_at,
            "file": self._shelf.file(upload["file_id"]) if upload["file_id"] else None,
        }


async def _refuse_larger_than(request: Request, largest: int) -> None:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) <= largest + _FRAME:
        return
    # Read to the end first: an answer sent before it would reach many clients as a broken connection.
    async for _ in request.stream():
        pass
    raise _too_large(largest)


@contextmanager
def _closing(form: FormData) -> Iterator[FormData]:
    """Closes the files of a form without an await, where a request that is cancelled could leave them open."""
    try:
        yield form
    finally:
        for _, value in form.multi_items():
            if isinstance(value, UploadFile):
                value.file.close()


def _too_large(largest: int) -> WireError:
    return WireError(413, f"The file is larger than the limit of {largest} bytes.", param="file")


def _sent_file(form: FormData, field: str, largest: int) -> UploadFile:
    sent = form.get(field)
    if not isinstance(sent, UploadFile):
        raise bad_request(f"'{field}' is required and must be a file.", field)
    if not sent.size:
        raise bad_request("The file is empty.", field)
    if sent.size > largest:
        raise _too_large(largest)
    return sent


def _md5_of(shelf: Shelf, name: str) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with shelf.blob(name).open("rb") as source:
        while piece := source.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
