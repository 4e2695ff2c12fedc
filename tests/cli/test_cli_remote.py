"""A dataset may be at S3: pinned by its digest, fetched once, and only where whoever runs the command allows it."""

from __future__ import annotations

import gzip
import hashlib
import json
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stores import AWS, KEY_ID, SECRET, Bucket, hosting, s3
from workbench import Workbench, chats

ADDRESS = "s3://bucket/data/rows.jsonl"


def lines(topic: str = "parcel", count: int = 10) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in chats(topic, count))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3() as made:
        made.put("data/rows.jsonl", lines())
        made.put("data/rows.jsonl.gz", gzip.compress(lines(), mtime=0))
        yield made


@pytest.fixture
def remote(bench: Workbench, bucket: Bucket) -> Workbench:
    """A bench whose dataset is in the bucket, with a cache folder of its own."""
    bench.environ(FTPLAN_CACHE_DIR=str(cache(bench)), AWS_ENDPOINT_URL=bucket.url, **AWS)
    pin(bench, ADDRESS, lines())
    return bench


def cache(bench: Workbench) -> Path:
    return bench.folder.parent / "cache"


def kept(bench: Workbench) -> list[Path]:
    """The files that were fetched."""
    return sorted(path for path in cache(bench).glob("fetched/*") if not path.name.startswith(".") and not path.suffix)


def drafts(bench: Workbench) -> list[Path]:
    return list(cache(bench).glob("fetched/.*.tmp"))


def pin(bench: Workbench, path: str, data: bytes, **more: Any) -> None:
    bench.bot(dataset={"path": path, "sha256": digest(data), **more})


def cut_off(bench: Workbench) -> None:
    """From now on there is no network."""
    bench.environ(AWS_ENDPOINT_URL="http://127.0.0.1:1")


def test_what_is_pinned_is_fetched_once_and_trained_on(remote: Workbench) -> None:
    assert f'path = "{ADDRESS}"' in " ".join(remote.plan("-allow-remote").out.split())
    (file,) = kept(remote)
    assert file.name == digest(lines())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    cut_off(remote)
    remote.apply()
    assert remote.state["files"][0]["sha256"] == digest(lines())
    assert "No changes." in remote.plan("-offline").out
    assert drafts(remote) == []


def test_moving_a_dataset_from_the_disk_to_the_service_costs_nothing(remote: Workbench) -> None:
    remote.bot(dataset="rows.jsonl")
    remote.apply()
    pin(remote, ADDRESS, lines())
    assert "No changes." in remote.plan("-allow-remote").out
    pin(remote, f"{ADDRESS}.gz", gzip.compress(lines(), mtime=0))
    assert "No changes." in remote.plan("-allow-remote").out


@pytest.mark.parametrize(
    "words", [("plan",), ("validate",), ("apply", "-auto-approve"), ("destroy", "-auto-approve")], ids=" ".join
)
def test_nothing_is_fetched_that_nobody_allowed(remote: Workbench, words: tuple[str, ...]) -> None:
    with hosting(lines()) as host:
        remote.environ(AWS_ENDPOINT_URL=host.url)
        refused = remote.run(*words)
        assert refused.code == 1
        assert "A remote dataset is not fetched" in refused.said
        assert f"'{ADDRESS}' is not in the cache, and would be fetched from {host.url[7:]}" in refused.said
        assert "-allow-remote or FTPLAN_ALLOW_REMOTE=1" in refused.said
        assert "ftplan.yaml:" in refused.err
        offline = remote.run("plan", "-offline", "-allow-remote")
        assert "-offline fetches nothing" in offline.said
        assert host.asked == []


def test_the_environment_can_allow_it_and_the_yaml_cannot(remote: Workbench) -> None:
    remote.environ(FTPLAN_ALLOW_REMOTE="0")
    assert remote.run("plan").code == 1
    pin(remote, ADDRESS, lines(), allow_remote=True)
    remote.environ(FTPLAN_ALLOW_REMOTE="1")
    assert "Unknown key" in remote.run("plan").said
    pin(remote, ADDRESS, lines())
    remote.plan()


def test_a_saved_plan_holds_no_permission(remote: Workbench) -> None:
    remote.plan("-allow-remote", "-out=p")
    kept(remote)[0].unlink()
    refused = remote.run("apply", "p")
    assert refused.code == 1
    assert "A remote dataset is not fetched" in refused.said
    assert remote.run("apply", "-allow-remote", "p").code == 0


@pytest.mark.parametrize("path", [ADDRESS, "rows.jsonl", "packed.jsonl.gz"])
def test_other_bytes_than_the_pinned_ones_are_refused_with_both_digests(remote: Workbench, path: str) -> None:
    remote.write("packed.jsonl.gz", gzip.compress(lines(), mtime=0))
    stored = gzip.compress(lines(), mtime=0) if path.endswith(".gz") else lines()
    pin(remote, path, b"something else")
    refused = remote.run("plan", "-allow-remote")
    assert refused.code == 1
    assert "A dataset is not what it is pinned to" in refused.said
    assert digest(stored) in refused.said
    assert digest(b"something else") in refused.said
    assert "ftplan.yaml:20:19" in refused.err
    assert "write its digest" in refused.said
    assert kept(remote) == drafts(remote) == []
    pin(remote, path, stored)
    remote.plan("-allow-remote")


def test_an_address_without_a_digest_is_told_with_the_command_that_prints_it(remote: Workbench) -> None:
    for dataset in (ADDRESS, {"path": ADDRESS}):
        remote.bot(dataset=dataset)
        refused = remote.run("plan", "-allow-remote")
        assert "Remote dataset without a digest" in refused.said
        assert f"ftplan dataset pin {ADDRESS}" in refused.said
    printed = remote.run("dataset", "pin", ADDRESS)
    assert f'NAME: {{path: "{ADDRESS}", sha256: {digest(lines())}}}' in printed.out
    assert json.loads(remote.run("dataset", "pin", "-json", "rows.jsonl").out)["sha256"] == digest(
        (remote.folder / "rows.jsonl").read_bytes()
    )
    cut_off(remote)
    pin(remote, ADDRESS, lines())
    remote.plan()  # what was pinned need not be fetched again


def test_what_is_kept_is_held_against_its_digest(remote: Workbench) -> None:
    remote.plan("-allow-remote")
    (file,) = kept(remote)
    file.write_bytes(lines("letter"))
    refused = remote.run("plan")
    assert "A remote dataset is not fetched" in refused.said
    assert kept(remote) == []
    remote.plan("-allow-remote")
    assert kept(remote)[0].read_bytes() == lines()


def test_compressed_rows_are_parted_and_checked_like_those_on_the_disk(remote: Workbench) -> None:
    packed = gzip.compress(lines(count=40) * 2, mtime=0)
    remote.write("rows.jsonl.gz", packed)
    more: dict[str, Any] = {"split": {"validation": 0.5}, "rules": {"duplicate-rows": "error"}}
    pin(remote, "rows.jsonl.gz", packed, **more)
    local = remote.run("plan").said
    with hosting(packed) as host:
        remote.environ(AWS_ENDPOINT_URL=host.url)
        pin(remote, f"{ADDRESS}.gz", packed, **more)
        fetched = remote.run("plan", "-allow-remote").said
    assert "duplicate-rows" in fetched
    assert fetched.replace(f"{ADDRESS}.gz", "rows.jsonl.gz") == local


def test_two_runs_at_once_fetch_the_same(remote: Workbench) -> None:
    pin(remote, f"{ADDRESS}.gz", gzip.compress(lines(), mtime=0))
    running = [remote.start("plan", "-allow-remote") for _ in range(2)]
    ended = [run.end() for run in running]
    assert [done.code for done in ended] == [0, 0], ended
    assert len(kept(remote)) == 1
    assert drafts(remote) == []


def test_what_breaks_off_is_taken_up_again(remote: Workbench) -> None:
    data = lines(count=2000)
    with hosting(data, breaks=100_000) as host:
        remote.environ(AWS_ENDPOINT_URL=host.url)
        pin(remote, ADDRESS, data)
        remote.plan("-allow-remote")
        ranges = [headers.get("Range") for method, _, headers in host.asked if method == "GET"]
    assert ranges[0] is None
    assert [str(said).startswith("bytes=") for said in ranges[1:]] == [True]


@pytest.mark.parametrize("said", [100, 10_000_000])
def test_a_host_that_lies_about_the_size_is_cut_off(remote: Workbench, said: int) -> None:
    data = lines(count=2000)
    with hosting(data, said=said) as host:
        remote.environ(AWS_ENDPOINT_URL=host.url)
        pin(remote, ADDRESS, data)
        refused = remote.run("plan", "-allow-remote")
    assert refused.code == 1
    assert "A remote dataset broke off" in refused.said
    assert kept(remote) == drafts(remote) == []


def test_what_is_larger_than_the_cache_may_be_is_not_fetched(remote: Workbench) -> None:
    remote.environ(FTPLAN_CACHE_BYTES=str(len(lines()) - 1))
    refused = remote.run("plan", "-allow-remote")
    assert "A remote dataset is too large" in refused.said
    remote.environ(FTPLAN_CACHE_BYTES="many")
    assert "Invalid FTPLAN_CACHE_BYTES" in remote.run("plan").said


def test_an_interrupted_run_leaves_nothing_half(remote: Workbench) -> None:
    data = lines(count=2000)
    with hosting(data, breaks=100_000, silent=True) as host:
        remote.environ(AWS_ENDPOINT_URL=host.url)
        pin(remote, ADDRESS, data)
        for words in (("plan",), ("apply", "-auto-approve")):
            host.reading.clear()
            running = remote.start(*words, "-allow-remote")
            assert host.reading.wait(30)
            assert len(drafts(remote)) == 1
            running.send(signal.SIGINT)
            done = running.end()
            assert done.code == 130, done.said
            assert "Traceback" not in done.err
            assert kept(remote) == drafts(remote) == []


FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "nothing there": ({"status": 404}, "A remote dataset is missing"),
    "no right": ({"status": 403}, "A remote dataset may not be read"),
    "a fault": ({"status": 500}, "A remote dataset cannot be fetched"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_is_told_in_words_of_ours_and_without_secrets(remote: Workbench, what: str) -> None:
    habits, summary = FAILURES[what]
    with hosting(lines(), **habits) as host:
        remote.environ(AWS_ENDPOINT_URL=host.url, FTPLAN_LOG="debug")
        done = remote.run("plan", "-allow-remote")
        assert done.code == 1
        assert not [secret for secret in (SECRET, KEY_ID) if secret in done.out + done.err]
        assert "Traceback" not in done.err
        assert "defect" not in done.said
        assert summary in done.said
        assert "ftplan.yaml:" in done.said


def test_an_endpoint_is_named_without_what_else_stands_in_it(remote: Workbench) -> None:
    remote.environ(AWS_ENDPOINT_URL=f"http://user:{SECRET}@store.example:9000/?sig={SECRET}")
    refused = remote.run("plan")
    assert "would be fetched from store.example:9000 (named by AWS_ENDPOINT_URL)" in refused.said
    assert SECRET not in refused.said


def test_no_secret_is_kept_anywhere(remote: Workbench) -> None:
    remote.plan("-allow-remote", "-out=p", "-markdown=p.md")
    remote.apply("-allow-remote")
    files = [path for folder in (remote.folder, cache(remote)) for path in folder.rglob("*") if path.is_file()]
    held = [path.name for path in files if any(word in path.read_text("latin-1") for word in (SECRET, KEY_ID))]
    assert held == []


BAD = {
    "https://host/rows.jsonl": "s3://, gs://, az:// or hf://",
    "ftp://host/rows.jsonl": "s3://, gs://, az:// or hf://",
    "file:///etc/passwd": "s3://, gs://, az:// or hf://",
    "s3://bucket": "s3://BUCKET/KEY",
    "s3://bucket/a/../b": "s3://BUCKET/KEY",
    "s3://bucket/*.jsonl": "an address names one object",
    "s3://bucket/a?versionId=1": "an address names one object",
    "s3://bucket/a#b": "options stand",
    "s3://bucket/a::file://b": "options stand",
    "az://container@account/blob": "belong in the environment",
    "s3://host:9000/bucket/key": "belong in the environment",
    "hf://owner/name/rows.jsonl": "hf://datasets/OWNER/NAME/PATH",
    "hf://datasets/owner/name": "hf://datasets/OWNER/NAME/PATH",
}


@pytest.mark.parametrize("path", BAD)
def test_what_is_no_address_of_a_service_is_refused(remote: Workbench, path: str) -> None:
    pin(remote, path, lines())
    refused = remote.run("plan", "-allow-remote")
    assert refused.code == 1
    assert "Path not allowed" in refused.said
    assert BAD[path] in refused.said


def test_settings_of_a_service_are_no_keys_of_a_dataset(remote: Workbench) -> None:
    for name in ("endpoint_url", "key", "secret", "token", "storage_options"):
        pin(remote, ADDRESS, lines(), **{name: "canary"})
        refused = remote.run("plan", "-allow-remote")
        assert refused.code == 1
        assert name in refused.said
    pin(remote, f"s3://user:{SECRET}@bucket/key", lines())
    assert SECRET not in remote.run("plan", "-allow-remote").said


def test_a_digest_is_for_one_file(remote: Workbench) -> None:
    pin(remote, "*.jsonl", lines())
    assert "Several files cannot be pinned" in remote.run("plan").said
    remote.bot(dataset={"path": ADDRESS, "sha256": "0" * 63})
    assert "64 hexadecimal digits" in remote.run("plan").said
    remote.bot(dataset={"path": "rows.jsonl", "sha256": "0" * 64}, validation="rows.jsonl")
    assert "pinned in two ways" in remote.run("plan").said


def test_without_a_cache_folder_nothing_is_fetched(remote: Workbench) -> None:
    remote.environ(FTPLAN_CACHE_DIR="")
    assert "There is no cache folder" in remote.run("plan", "-allow-remote").said
