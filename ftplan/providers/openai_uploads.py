"""A dataset on its way to the service: streamed from the one open file, hashed as it is sent.

Small files go in one request, large ones in parts (https://developers.openai.com/api/reference/resources/uploads).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from ftplan.core.facts import RemoteFile
from ftplan.core.ports import UploadRequest
from ftplan.errors import DatasetError, FtplanError, Problem, Rejected
from ftplan.providers.catalog import Limits
from ftplan.providers.openai_errors import Translator
from ftplan.providers.openai_wire import file_from_wire, own_id

if TYPE_CHECKING:
    from openai import OpenAI

PURPOSE: Final = "fine-tune"
MIME_TYPE = "text/jsonl"


class SentFile(io.RawIOBase):
    """The first `size` bytes of `source`, hashed and counted while they are read. It has no file descriptor on
    purpose: the HTTP library would ask it for the length, and the file may have grown since it was measured."""

    def __init__(self, source: BinaryIO, size: int, progress: Callable[[int], None]) -> None:
        self._source = source
        self._size = size
        self._progress = progress
        self._position = 0
        self._sent = 0
        self._hash = hashlib.sha256()
        self.is_short = False

    def read(self, size: int | None = -1) -> bytes:
        left = self._size - self._sent
        wanted = left if size is None or size < 0 else min(size, left)
        try:
            data = self._source.read(wanted)
        except OSError as error:
            raise DatasetError("Dataset cannot be read", detail=f"Reading it broke off: {error.strerror}.") from error
        self.is_short = self.is_short or (wanted > 0 and not data)
        self._hash.update(data)
        self._sent += len(data)
        self._position = self._sent
        if data:
            self._progress(self._sent)
        return data

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Anywhere, as long as nothing was read: the HTTP library goes to the end and back to learn the length."""
        if self._sent:
            raise io.UnsupportedOperation("what was sent cannot be sent again")
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def is_as_measured(self, sha256: str) -> bool:
        return self._sent == self._size and self._hash.hexdigest() == sha256


class Uploads:
    """The sending side of one connection."""

    def __init__(self, client: OpenAI, translate: Translator, limits: Limits) -> None:
        self._client = client
        self._translate = translate
        self._limits = limits

    def send(self, request: UploadRequest, progress: Callable[[int], None]) -> RemoteFile:
        """The file as the service has it. Raises `Rejected` when the file is not what was measured any more; what was
        sent of it is taken back."""
        with _opened(request) as source:
            sent = SentFile(source, request.bytes, progress)
            whole = request.bytes <= self._limits.upload_bytes
            return self._send_whole(request, sent) if whole else self._send_in_parts(request, sent)

    def _send_whole(self, request: UploadRequest, sent: SentFile) -> RemoteFile:
        try:
            with self._translate.writing(f"take the file {request.filename}"):
                answer = self._client.files.with_raw_response.create(
                    file=(request.filename, cast(BinaryIO, sent), MIME_TYPE), purpose=PURPOSE
                )
                file = file_from_wire(answer.http_response.json())
        except FtplanError:
            if sent.is_short:  # the body broke off, so the service cannot have taken it
                raise _changed(request) from None
            raise
        if sent.is_as_measured(request.sha256):
            return file
        # Its name promises other content. Where it cannot be deleted it is an orphan, and no job will name it.
        with suppress(FtplanError), self._translate.writing(f"delete the file {file.id}"):
            self._client.files.with_raw_response.delete(file.id)
        raise _changed(request)

    def _send_in_parts(self, request: UploadRequest, sent: SentFile) -> RemoteFile:
        with self._translate.writing(f"begin an upload of {request.filename}"):
            answer = self._client.uploads.with_raw_response.create(
                bytes=request.bytes, filename=request.filename, mime_type=MIME_TYPE, purpose=PURPOSE
            )
            upload = own_id(answer.http_response.json())
        try:
            parts, md5 = self._send_parts(upload, request, sent)
        except BaseException:
            self._cancel(upload)
            raise
        # From here on there may be a file. Cancelling now could take away what was just made.
        with self._translate.writing(f"complete the upload of {request.filename}"):
            answer = self._client.uploads.with_raw_response.complete(upload, part_ids=parts, md5=md5)
            return file_from_wire(answer.http_response.json()["file"])

    def _send_parts(self, upload: str, request: UploadRequest, sent: SentFile) -> tuple[list[str], str]:
        # The service checks a whole upload by its MD5 and by nothing else; it guards against accidents only.
        md5 = hashlib.md5(usedforsecurity=False)
        parts: list[str] = []
        while data := sent.read(self._limits.part_bytes):
            md5.update(data)
            with self._translate.writing(f"take part {len(parts) + 1} of {request.filename}"):
                answer = self._client.uploads.parts.with_raw_response.create(upload, data=data)
                parts.append(own_id(answer.http_response.json()))
        if not sent.is_as_measured(request.sha256):
            raise _changed(request)
        return parts, md5.hexdigest()

    def _cancel(self, upload: str) -> None:
        # An upload that stays open is dropped by the service within the hour: failing to cancel loses nothing.
        with suppress(FtplanError), self._translate.writing(f"cancel the upload {upload}"):
            self._client.uploads.with_raw_response.cancel(upload)


def _opened(request: UploadRequest) -> Any:
    try:
        return request.open()
    except OSError as error:
        detail = f"{request.filename} cannot be opened: {error.strerror}."
        raise DatasetError("Dataset cannot be read", detail=detail) from error


def _changed(request: UploadRequest) -> Rejected:
    return Rejected(
        Problem(
            "Dataset changed while it was sent",
            f"What was read for {request.filename} is not what the plan measured. Nothing was trained on it.",
            advice="Leave the file alone and run the command again.",
        )
    )
