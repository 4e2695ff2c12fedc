"""Google, Azure and the Hugging Face Hub are read by their own filesystems, with what the environment says; a dataset
on the disk pays for none of them."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from stores import AWS, SECRET, TOKEN, Host, hosting
from workbench import Workbench, chats

AZURE_KEY = base64.b64encode(SECRET.encode()).decode()
DATA = b"".join(json.dumps(row).encode() + b"\n" for row in chats())

ENVIRONMENTS: dict[str, Callable[[Host], dict[str, str]]] = {
    "s3://bucket/data/rows.jsonl": lambda host: {**AWS, "AWS_ENDPOINT_URL_S3": host.url},
    "gs://bucket/data/rows.jsonl": lambda host: {"STORAGE_EMULATOR_HOST": host.url, "NO_GCE_CHECK": "true"},
    "az://box/data/rows.jsonl": lambda host: {
        "AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=http;AccountName=account;AccountKey={AZURE_KEY};"
        f"BlobEndpoint={host.url}/account;"
    },
    "hf://datasets/owner/name/data/rows.jsonl": lambda host: {"HF_ENDPOINT": host.url, "HF_TOKEN": TOKEN},
}
ASKED = {
    "s3": "/bucket/data/rows.jsonl",
    "gs": "/b/bucket/o/data%2Frows.jsonl",
    "az": "/account/box/data/rows.jsonl",
    "hf": "/datasets/owner/name/resolve/",
}


@pytest.mark.parametrize("path", ENVIRONMENTS)
def test_an_address_is_read_by_the_filesystem_of_its_service(bench: Workbench, path: str) -> None:
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"))
    with hosting(DATA) as host:
        bench.environ(**ENVIRONMENTS[path](host))
        # In a process of its own: some of these libraries read the environment when they are loaded.
        done = bench.start("dataset", "pin", "-json", path).end()
        asked = [what for _, what, _ in host.asked]
    assert done.code == 0, done.said
    assert done.err == ""
    assert json.loads(done.out) == {"path": path, "sha256": hashlib.sha256(DATA).hexdigest(), "bytes": len(DATA)}
    assert any(ASKED[path.partition(":")[0]] in what for what in asked), asked


@pytest.mark.parametrize("path", ENVIRONMENTS)
@pytest.mark.parametrize(("status", "summary"), [(403, "may not be read"), (404, "is missing")])
def test_a_refusal_of_any_service_is_told_without_secrets(
    bench: Workbench, path: str, status: int, summary: str
) -> None:
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"))
    with hosting(DATA, status=status) as host:
        bench.environ(**ENVIRONMENTS[path](host), FTPLAN_LOG="debug")
        done = bench.start("dataset", "pin", path).end()
    assert done.code == 1
    assert f"A remote dataset {summary}" in done.said
    assert "Traceback" not in done.said
    assert not [word for word in (SECRET, TOKEN, AZURE_KEY) if word in done.out + done.err]


def test_a_service_that_is_not_set_up_is_told_with_where_credentials_come_from(bench: Workbench) -> None:
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"), AZURE_STORAGE_CONNECTION_STRING=f"x;{SECRET}")
    done = bench.run("dataset", "pin", "az://box/rows.jsonl")
    assert done.code == 1
    assert "Credentials come from AZURE_STORAGE_ACCOUNT_NAME" in done.said
    assert SECRET not in done.said


# Says which libraries of services a command has loaded; `without` are those that are not installed.
WRAPPED = """
import json, runpy, sys
for name in {without}: sys.modules[name] = None
sys.argv = ["ftplan", *{words}]
try:
    runpy.run_module("ftplan", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code
heavy = {{"adlfs", "aiobotocore", "azure", "fsspec", "gcsfs", "huggingface_hub", "s3fs"}}
print("\\n" + json.dumps([code, sorted(heavy & {{n for n, m in sys.modules.items() if m is not None}})]))
"""


def wrapped(bench: Workbench, *words: str, without: tuple[str, ...] = ()) -> tuple[int, list[str], str]:
    program = WRAPPED.format(words=list(words), without=list(without))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=bench.folder, capture_output=True, text=True, check=False, timeout=60
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    return code, loaded, done.stderr


def test_a_dataset_on_the_disk_loads_no_library_of_a_service(bench: Workbench) -> None:
    rows = bench.rows("rows.jsonl").read_bytes()
    bench.bot(dataset={"path": "rows.jsonl", "sha256": hashlib.sha256(rows).hexdigest()})
    assert wrapped(bench, "plan")[:2] == (0, [])


@pytest.mark.parametrize("missing", ["fsspec", "s3fs"])
def test_what_is_not_installed_is_told_with_the_command_that_installs_it(bench: Workbench, missing: str) -> None:
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"))
    code, _, told = wrapped(bench, "dataset", "pin", "s3://bucket/rows.jsonl", without=(missing,))
    assert code == 1
    assert "pip install 'ftplan[remote]'" in told
    assert "Traceback" not in told
