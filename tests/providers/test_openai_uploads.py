"""Datasets on their way to the service."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any, BinaryIO

import pytest
from test_openai_provider import DOUBTS
from wire_stub import Says, Stub, error, file

from ftplan.core.ports import UploadRequest
from ftplan.errors import DatasetError, OutcomeUnknown, Rejected
from ftplan.providers import Connection, Limits, load_catalog
from ftplan.providers.openai import OpenAIProvider
from ftplan.testing import upload_of

CONTENT = b'{"messages": []}\n' * 20_000
UPLOAD = "/uploads/upload-1"


def measured(content: bytes, opened: Callable[[], BinaryIO]) -> UploadRequest:
    """A request for `content` whose file is something else by the time it is opened."""
    fair = upload_of(content)
    return UploadRequest(fair.filename, fair.bytes, fair.sha256, opened)


def nothing(sent: int) -> None:
    pass


@pytest.fixture
def in_parts(connect: Callable[..., Connection]) -> OpenAIProvider:
    """A provider whose limits are low, so that a small file goes in parts."""
    return OpenAIProvider(connect(), load_catalog("openai"), limits=Limits(upload_bytes=99, part_bytes=100))


@pytest.fixture
def takes_parts(stub: Stub) -> Stub:
    stub.tell("POST", "/uploads", Says(200, {"id": "upload-1", "status": "pending"}))
    stub.tell("POST", f"{UPLOAD}/parts", *(Says(200, {"id": f"part-{n}"}) for n in range(1, 4)))
    stub.tell("POST", f"{UPLOAD}/complete", Says(200, {"id": "upload-1", "file": file(id="file-big", bytes=250)}))
    stub.tell("POST", f"{UPLOAD}/cancel", Says(200, {"id": "upload-1", "status": "cancelled"}))
    return stub


def test_a_file_goes_in_one_request_under_the_name_that_carries_its_hash(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", "/files", Says(200, file(id="file-9", status="uploaded")))
    seen: list[int] = []
    sent = provider.put_file(upload_of(CONTENT, "data/tickets.jsonl"), seen.append)
    assert (sent.id, sent.ready) == ("file-9", None)
    body = stub.seen[0].body
    assert CONTENT in body
    assert f'filename="tickets.{hashlib.sha256(CONTENT).hexdigest()[:32]}.jsonl"'.encode() in body
    assert b'name="purpose"\r\n\r\nfine-tune\r\n' in body
    assert b"expires_after" not in body
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == len(CONTENT)


@pytest.mark.parametrize("answer", DOUBTS.values(), ids=DOUBTS.keys())
def test_a_doubtful_upload_is_one_post_and_unknown(answer: Any, stub: Stub, impatient: OpenAIProvider) -> None:
    stub.tell("POST", "/files", answer)
    with pytest.raises(OutcomeUnknown):
        impatient.put_file(upload_of(b"{}\n"), nothing)
    assert [one.path for one in stub.seen] == ["/files"]


def test_a_refused_upload_is_refused(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", "/files", error(400, "Invalid file format"))
    with pytest.raises(Rejected):
        provider.put_file(upload_of(b"{}\n"), nothing)


def test_a_file_that_changed_while_it_was_sent_is_taken_back(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", "/files", Says(200, file(id="file-9")))
    stub.tell("DELETE", "/files/file-9", Says(200, {"id": "file-9", "deleted": True}))
    with pytest.raises(Rejected) as caught:
        provider.put_file(measured(b"what was measured", lambda: io.BytesIO(b"what is there now")), nothing)
    assert caught.value.problems[0].summary == "Dataset changed while it was sent"
    assert stub.count("DELETE", "/files/file-9") == 1


def test_a_file_that_shrank_is_never_taken(stub: Stub, provider: OpenAIProvider) -> None:
    with pytest.raises(Rejected) as caught:
        provider.put_file(measured(b"what was measured", lambda: io.BytesIO(b"less")), nothing)
    assert caught.value.problems[0].summary == "Dataset changed while it was sent"


def test_of_a_file_that_grew_what_was_measured_is_sent(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", "/files", Says(200, file()))
    provider.put_file(measured(b"measured\n", lambda: io.BytesIO(b"measured\nand more\n")), nothing)
    assert b"measured\n" in stub.seen[0].body
    assert b"and more" not in stub.seen[0].body


def test_a_file_that_cannot_be_read_is_the_datasets_fault(stub: Stub, provider: OpenAIProvider) -> None:
    def missing() -> BinaryIO:
        raise FileNotFoundError(2, "No such file or directory")

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    for opened in (missing, Broken):
        with pytest.raises(DatasetError):
            provider.put_file(measured(b"{}\n", opened), nothing)


def test_a_real_file_is_streamed_and_closed(stub: Stub, provider: OpenAIProvider, tmp_path: Any) -> None:
    stub.tell("POST", "/files", Says(200, file()))
    path = tmp_path / "a.jsonl"
    path.write_bytes(CONTENT)
    opened: list[BinaryIO] = []

    def open_it() -> BinaryIO:
        opened.append(path.open("rb"))
        return opened[0]

    provider.put_file(measured(CONTENT, open_it), nothing)
    assert CONTENT in stub.seen[0].body
    assert opened[0].closed


def test_a_large_file_goes_in_parts(takes_parts: Stub, in_parts: OpenAIProvider) -> None:
    content, seen = bytes(range(250)), list[int]()
    sent = in_parts.put_file(upload_of(content), seen.append)
    assert sent.id == "file-big"
    assert seen == [100, 200, 250]
    begin, *parts, end = takes_parts.seen
    assert begin.json == {
        "bytes": 250,
        "filename": upload_of(content).filename,
        "mime_type": "text/jsonl",
        "purpose": "fine-tune",
    }
    assert [content[n : n + 100] in part.body for n, part in zip((0, 100, 200), parts, strict=True)] == [True] * 3
    assert end.path == f"{UPLOAD}/complete"
    assert end.json == {"part_ids": ["part-1", "part-2", "part-3"], "md5": hashlib.md5(content).hexdigest()}


def test_an_upload_whose_part_fails_is_cancelled(takes_parts: Stub, in_parts: OpenAIProvider) -> None:
    takes_parts.tell("POST", f"{UPLOAD}/parts", Says(200, {"id": "part-1"}), error(500))
    with pytest.raises(OutcomeUnknown):
        in_parts.put_file(upload_of(bytes(250)), nothing)
    assert takes_parts.count("POST", "/parts") == 2
    assert takes_parts.count("POST", "/cancel") == 1
    assert takes_parts.count("POST", "/complete") == 0


@pytest.mark.parametrize("now", [b"x" * 250, b"x" * 100])
def test_a_large_file_that_changed_is_never_completed(now: bytes, takes_parts: Stub, in_parts: OpenAIProvider) -> None:
    with pytest.raises(Rejected) as caught:
        in_parts.put_file(measured(bytes(250), lambda: io.BytesIO(now)), nothing)
    assert caught.value.problems[0].summary == "Dataset changed while it was sent"
    assert takes_parts.count("POST", "/cancel") == 1
    assert takes_parts.count("POST", "/complete") == 0


def test_a_doubtful_completion_is_unknown_and_not_cancelled(takes_parts: Stub, in_parts: OpenAIProvider) -> None:
    takes_parts.tell("POST", f"{UPLOAD}/complete", error(500))
    with pytest.raises(OutcomeUnknown):
        in_parts.put_file(upload_of(bytes(250)), nothing)
    assert takes_parts.count("POST", "/complete") == 1
    assert takes_parts.count("POST", "/cancel") == 0
