from __future__ import annotations

import asyncio
import gc
import hashlib
import io
import socket
import stat
import warnings

import openai
import pytest

from ftplan.sandbox.wire import BlobAnswer


def test_an_uploaded_file_is_listed_read_and_deleted(desk):
    content = b'{"messages": []}\n' * 3
    made = desk.client.files.create(file=("a.jsonl", content), purpose="fine-tune")
    assert (made.filename, made.bytes, made.status, made.purpose) == ("a.jsonl", len(content), "processed", "fine-tune")
    assert desk.client.files.retrieve(made.id) == made
    assert desk.client.files.content(made.id).read() == content
    assert [file.id for file in desk.client.files.list(purpose="fine-tune")] == [made.id]
    assert not desk.client.files.list(purpose="batch").data
    assert desk.client.files.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        desk.client.files.retrieve(made.id)


def test_files_are_paged_in_both_orders(desk):
    ids = [desk.upload([{}], f"{n}.jsonl") for n in range(5)]
    assert [file.id for file in desk.client.files.list(limit=2)] == ids[::-1]
    assert [file.id for file in desk.client.files.list(limit=2, order="asc")] == ids
    first = desk.client.files.list(limit=2, order="asc")
    assert first.has_more
    assert [file.id for file in first.data] == ids[:2]


def test_an_upload_in_parts_becomes_one_file(desk):
    content = b"".join(b'{"n": %d}\n' % n for n in range(2000))
    upload = desk.client.uploads.upload_file_chunked(
        file=content,
        filename="parts.jsonl",
        bytes=len(content),
        mime_type="text/jsonl",
        purpose="fine-tune",
        part_size=5000,
        md5=hashlib.md5(content).hexdigest(),
    )
    assert upload.status == "completed"
    assert desk.client.files.content(upload.file.id).read() == content
    assert len(list(desk.path.with_name("sandbox.sqlite.files").iterdir())) == 1  # no parts are left


def _open_upload(desk, size):
    return desk.client.uploads.create(filename="p.jsonl", bytes=size, mime_type="text/jsonl", purpose="fine-tune")


def test_an_upload_with_a_wrong_md5_or_byte_count_stays_pending(desk):
    upload = _open_upload(desk, 6)
    first, second = (desk.client.uploads.parts.create(upload.id, data=piece).id for piece in (b"abc", b"def"))
    with pytest.raises(openai.BadRequestError, match="3 bytes; 6"):
        desk.client.uploads.complete(upload.id, part_ids=[first])
    with pytest.raises(openai.BadRequestError, match="MD5"):
        desk.client.uploads.complete(upload.id, part_ids=[first, second], md5="0" * 32)
    done = desk.client.uploads.complete(upload.id, part_ids=[second, first])
    assert desk.client.files.content(done.file.id).read() == b"defabc"


def test_a_cancelled_upload_takes_no_more_parts(desk):
    upload = _open_upload(desk, 3)
    assert desk.client.uploads.cancel(upload.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="cancelled"):
        desk.client.uploads.parts.create(upload.id, data=b"abc")
    with pytest.raises(openai.NotFoundError):
        desk.client.uploads.cancel("upload_none")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"file": ("a.jsonl", b"{}"), "purpose": "party"}, "purpose"),
        ({"file": ("a.csv", b"{}"), "purpose": "fine-tune"}, "file"),
        ({"file": ("a.jsonl", b""), "purpose": "fine-tune"}, "file"),
        (
            {
                "file": ("a.jsonl", b"{}"),
                "purpose": "fine-tune",
                "expires_after": {"anchor": "created_at", "seconds": 5},
            },
            "expires_after",
        ),
    ],
)
def test_a_bad_upload_is_refused_by_name(shared_desk, fields, param):
    with pytest.raises(openai.BadRequestError) as refusal:
        shared_desk.client.files.create(**fields)
    assert refusal.value.param == param
    assert not shared_desk.path.exists()


def test_a_file_over_the_limit_is_refused(desk):
    desk.order({"largest_file_bytes": 1000, "times": 2})
    for size in (1001, 200_000):  # known from the file; known from the request's length
        with pytest.raises(openai.APIStatusError) as refusal:
            desk.client.files.create(file=("a.jsonl", io.BytesIO(b"x" * size)), purpose="fine-tune")
        assert refusal.value.status_code == 413
    assert desk.client.files.create(file=("a.jsonl", b"x" * 1001), purpose="fine-tune").bytes == 1001


@pytest.fixture
def unclosed():
    """What was left open, as the interpreter tells it when it has to close it."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        yield lambda: (gc.collect(), [str(one.message) for one in told])[1]


@pytest.mark.parametrize("who_leaves", ["client", "server"])
def test_a_download_cut_short_leaves_no_file_open(desk, unclosed, who_leaves):
    content = b"x" * 16_000_000
    made = desk.client.files.create(file=("a.jsonl", content), purpose="fine-tune")
    host, port = desk.running.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(
            f"GET /v1/files/{made.id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n".encode()
        )
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        if who_leaves == "server":
            desk.running.close()
    if who_leaves == "client":
        assert desk.client.files.content(made.id).read() == content
        desk.running.close()
    assert unclosed() == []


def test_a_download_leaves_no_file_open_at_whatever_step_it_is_cancelled(tmp_path, unclosed):
    blob = tmp_path / "file-1"
    blob.write_bytes(b"x" * 200_000)

    async def cancelled_after(steps: int) -> tuple[bool, bytes]:
        sent: list[bytes] = []
        loop, scope = asyncio.get_running_loop(), {"type": "http", "method": "GET", "headers": []}

        async def send(message):
            sent.append(message.get("body", b""))

        def cancel_after(steps: int) -> None:
            if steps == 0:
                download.cancel()
            else:
                loop.call_soon(cancel_after, steps - 1)

        download = loop.create_task(BlobAnswer(blob)(scope, asyncio.Event().wait, send))
        cancel_after(steps)
        await asyncio.wait([download])
        return download.cancelled(), b"".join(sent)

    ends = [asyncio.run(cancelled_after(steps)) for steps in range(60)]
    assert any(was_cancelled and 0 < len(sent) < 200_000 for was_cancelled, sent in ends)
    assert ends[-1] == (False, blob.read_bytes())
    assert unclosed() == []


def test_an_upload_cut_short_leaves_no_file_open(desk, unclosed):
    host, port = desk.running.url.split("/")[2].split(":")
    head = b"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: 9000000\r\n"
    head += b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head + b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n')
        client.sendall(b"x" * 4_000_000)
    assert desk.client.files.list().data == []
    desk.running.close()
    assert unclosed() == []


def test_everything_on_disk_is_for_the_owner_alone(desk):
    desk.upload([{}])
    for path in [desk.path.parent, *desk.path.parent.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_file_expires_when_it_was_told_to(desk):
    made = desk.client.files.create(
        file=("a.jsonl", b"{}"), purpose="fine-tune", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert made.expires_at - made.created_at in (3599, 3600)
