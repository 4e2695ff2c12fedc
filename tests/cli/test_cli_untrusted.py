"""What somebody else's pull request cannot do with the YAML, the datasets and the folder that it brings along.

README lists these rules, each with the test that shows it. Here stand those that need the whole command; the tests of
each room have the finer cases.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from installed import FTPLAN
from workbench import BASE, STATE, Workbench, chats

# Without the form of any service's keys, so that no filter for a known form is what hides it.
CANARY = "canary-77e0b1c4d2f94a60"
WATCHED = Path(__file__).with_name("watched.py")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, with what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_a_route() -> list[str]:
    """What runs a command where there is no network at all, not even loopback; nothing where the kernel has none."""
    words = ["unshare", "--user", "--map-root-user", "--net"]
    able = (
        shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    )
    return words if able else []


def test_an_offline_plan_needs_no_key_no_network_and_no_process_and_writes_nothing_but_the_cache(
    bench: Workbench,
) -> None:
    bench.bot()
    bench.apply()
    bench.bot(epochs=2)
    cache = bench.folder.parent / "cache"
    bench.environ(FTPLAN_CACHE_DIR=str(cache), OPENAI_API_KEY=None)
    before = contents(bench.folder)
    report = bench.folder.parent / "report.json"
    words = ["plan", "-offline", "-max-cost=5", "-detailed-exitcode"]
    done = subprocess.run(
        [*without_a_route(), sys.executable, "-B", WATCHED, report, *words],
        cwd=bench.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "~ epochs      = 1 -> 2 # forces replacement" in done.stdout
    assert "Estimated cost: $" in done.stdout
    assert contents(bench.folder) == before
    seen = json.loads(report.read_text())
    assert ["sqlite3.connect", str(cache / "datasets.sqlite3")] in seen
    assert [(event, what) for event, what in seen if Path(what) not in in_cache(cache)] == []


def in_cache(cache: Path) -> list[Path]:
    return [*cache.parents, cache, *cache.rglob("*")]


@pytest.mark.parametrize("type", ["openai", "sandbox"])
def test_an_offline_plan_without_a_state_validates_counts_and_prices(bench: Workbench, type: str) -> None:
    bench.bot(providers={"trainer": {"type": type}})
    done = bench.plan("-offline", "-detailed-exitcode")
    assert done.code == 2
    assert "training tokens" in done.out
    assert not (bench.folder / ".ftplan").exists()
    bench.write("rows.jsonl", "{}\n" * 10)
    assert bench.run("plan", "-offline").code == 1


def test_an_offline_plan_asks_for_no_state_over_http_and_reads_none_from_elsewhere(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    (bench.folder / STATE).rename(bench.folder.parent / "others.json")
    with listening() as (port, server):
        state = {"backend": "http", "address": f"http://127.0.0.1:{port}/state"}
        bench.bot(state=state)
        assert "2 to add" in bench.plan("-offline").out
        for backend in (state, {"backend": "local"}):
            bench.bot(state={**backend, "path": "../others.json"})
            assert "Path not allowed" in bench.run("plan", "-offline").said
        assert not has_called(server)


@pytest.mark.parametrize(
    "written",
    [
        "${env:OPENAI_API_KEY}", "${env.OPENAI_API_KEY}", "${OPENAI_API_KEY}", "$OPENAI_API_KEY",
        "${var.OPENAI_API_KEY}", "{{ env.OPENAI_API_KEY }}", "%OPENAI_API_KEY%", "$(printenv OPENAI_API_KEY)",
    ],
)  # fmt: skip
def test_no_variable_of_the_environment_is_read_into_the_yaml(bench: Workbench, written: str) -> None:
    bench.environ(OPENAI_API_KEY=CANARY, OPENAI_BASE_URL=bench.sandbox.url)
    openai: dict[str, Any] = {"providers": {"openai": {}}}
    for fields in (
        {"metadata": {"team": written}, "suffix": written},
        {"metadata": {written: "team"}},
        {"dataset": {"path": written}},
        {"dataset": {"path": "rows.jsonl", "labels": {"team": written}}},
        {"state": {"path": written}},
        {"providers": {"openai": {"base_url": f"https://{written}.example/v1"}}},
        {"variables": {"OPENAI_API_KEY": {"type": "string"}}, "suffix": "${var.OPENAI_API_KEY}"},
    ):
        bench.bot(**{**openai, **fields})
        for words in (("plan", "-out=p", "-markdown=p.md"), ("apply", "-auto-approve"), ("show", "-json")):
            done = bench.run(*words)
            assert CANARY not in done.out + done.err, (fields, words)
        held = [name for name, data in contents(bench.folder).items() if CANARY.encode() in data]
        assert held == [], fields
        assert CANARY not in json.dumps(bench.requests()), fields


def test_no_tag_of_the_yaml_reads_the_environment_or_a_file(bench: Workbench) -> None:
    bench.environ(OPENAI_API_KEY=CANARY)
    for tag in (
        "!env OPENAI_API_KEY",
        "!ENV ${OPENAI_API_KEY}",
        "!include /proc/self/environ",
        "!!python/name:os.environ",
    ):
        bench.bot(suffix="SUFFIX")
        bench.write("ftplan.yaml", (bench.folder / "ftplan.yaml").read_text().replace('"SUFFIX"', tag))
        done = bench.run("plan", "-offline")
        assert done.code == 1
        assert "YAML tag" in done.said
        assert CANARY not in done.said


def test_only_variables_that_are_declared_come_from_the_environment_and_only_by_their_own_names(
    bench: Workbench,
) -> None:
    bench.environ(FTPLAN_VAR_team=CANARY, team="wrong", TEAM="wrong")
    bench.bot(suffix="${var.team}")
    assert "declared are none" in bench.run("plan", "-offline").said
    bench.bot(metadata={"team": "x"})
    bench.plan("-offline", "-out=p")
    assert CANARY not in (bench.folder / "p").read_text()
    bench.bot(suffix="${var.team}", variables={"team": {"type": "string"}})
    assert CANARY in bench.plan("-offline").out
    bench.environ(FTPLAN_VAR_team=None)
    assert "has no default" in bench.run("plan", "-offline").said


def spoilt(bench: Workbench, outside: Path, way: str) -> str:
    """Lays a way out of the folder to `outside`, and gives the path that takes it."""
    folder = bench.folder
    links = {
        "a link": ("rows-link.jsonl", outside),
        "a link that counts its way up": ("rows-link.jsonl", Path("..") / outside.name),
        "a folder that is a link": ("linked", outside.parent),
        "a link to a device": ("rows-link.jsonl", Path("/dev/zero")),
        "a link to the environment": ("rows-link.jsonl", Path("/proc/self/environ")),
    }
    if way in links:
        name, target = links[way]
        (folder / name).symlink_to(target)
        return f"{name}/{outside.name}" if name == "linked" else name
    if way == "a link in the middle":
        (folder / "data").mkdir()
        (folder / "data" / "up").symlink_to("../..")
        return f"data/up/{outside.name}"
    if way == "a pipe":
        os.mkfifo(folder / "pipe.jsonl")
        return "pipe.jsonl"
    return {
        "dots": f"../{outside.name}",
        "dots in the middle": f"data/../../{outside.name}",
        "an absolute path": str(outside),
        "a file address": f"file://{outside}",
        "the environment": "/proc/self/environ",
        "a home": f"~/{outside.name}",
        "a pattern": "../*.jsonl",
    }[way]


@pytest.mark.parametrize(
    "way",
    [
        "a link", "a link that counts its way up", "a folder that is a link", "a link to a device",
        "a link to the environment", "a link in the middle", "a pipe", "dots", "dots in the middle", "an absolute path",
        "a file address", "the environment", "a home", "a pattern",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(bench: Workbench, way: str) -> None:
    outside = bench.folder.parent / "others.jsonl"
    rows = chats(CANARY, 10)
    outside.write_text("".join(json.dumps(row) + "\n" for row in rows))
    bench.environ(OPENAI_API_KEY=CANARY)
    path = spoilt(bench, outside, way)
    for fields in ({"dataset": {"path": path}}, {"validation": {"path": path}}, {"tokenizer": path}):
        bench.bot(**fields)
        for words in (("plan",), ("validate",), ("apply", "-auto-approve")):
            done = bench.run(*words)
            assert done.code == 1, (fields, words, done.said)
            assert CANARY not in done.out + done.err
    assert bench.bought() == (0, 0)
    assert not (bench.folder / STATE).exists()


@contextmanager
def listening() -> Iterator[tuple[int, socket.socket]]:
    """A port of this machine at which somebody waits for a key, and where calls can be counted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server.getsockname()[1], server


def has_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


# Names that this machine has by the rules of inet_aton, beside those that everybody takes for loopback.
@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0"])
def test_an_address_that_only_the_yaml_names_gets_no_request(bench: Workbench, host: str) -> None:
    bench.environ(OPENAI_API_KEY=CANARY)
    with listening() as (port, attacker):
        socket.create_connection((host, port), timeout=10).close()
        assert has_called(attacker), "the test's own address does not lead to the listener"
        for type in ("openai", "sandbox"):
            for scheme in ("https", "http"):
                bench.bot(providers={"trainer": {"type": type, "base_url": f"{scheme}://{host}:{port}/v1"}})
                for words in (
                    ("plan",), ("apply", "-auto-approve"), ("destroy", "-auto-approve"), ("check",),
                    ("state", "repair", "-auto-approve"), ("plan", "-offline"),
                ):  # fmt: skip
                    done = bench.run(*words)
                    assert CANARY not in done.out + done.err
                    assert not has_called(attacker), (words, done.said)
                refused = bench.run("plan")
                assert refused.code == 1
                assert "not allowed" in refused.said or "Unencrypted" in refused.said


HOSTILE_MODULES = (
    "yaml", "openai", "click", "json", "sitecustomize", "usercustomize", "conftest", "jsonschema", "rich", "sqlite3",
    "encodings", "msgspec", "splintr", "typing_extensions", "deepdiff",
)  # fmt: skip


@pytest.mark.parametrize("called", ["ftplan", "python -m ftplan"])
def test_nothing_that_lies_in_the_folder_is_imported(bench: Workbench, called: str) -> None:
    bench.bot(providers={"openai": {}})
    for name in HOSTILE_MODULES:
        bench.write(f"{name}.py", f"open('owned-{name}', 'w').close()\n")
        bench.write(f"{name}/__init__.py", f"open('owned-{name}', 'w').close()\n")
    if called == "ftplan":
        bench.write("ftplan/__init__.py", "open('owned-ftplan', 'w').close()\n")
    bench.write(".env", f"OPENAI_API_KEY={CANARY}\nFTPLAN_CLI_ARGS=-frobnicate\n")
    bench.write("setup.cfg", "[options]\n")
    command = [FTPLAN] if called == "ftplan" else [sys.executable, "-m", "ftplan"]
    done = subprocess.run(
        [*command, "plan", "-detailed-exitcode"], cwd=bench.folder, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    # It came as far as the key that `.env` would have given it.
    assert "No API key" in done.stderr
    assert [path.name for path in bench.folder.glob("**/owned-*")] == []


def test_no_pull_request_raises_its_own_limit(bench: Workbench) -> None:
    """-max-cost stands in the pipeline that people trust; whatever the YAML says, it is held to."""
    cheap = {BASE: {"train_per_million": "0.000001"}}
    for keys in (
        {"budget": {"max_total": 1_000_000}},
        {"budget": {"max_total": 1_000_000, "action": "warn"}},
        {"budget": {"action": "warn"}},
        {"catalog": {"sandbox": {"models": cheap}}},
    ):
        bench.rows("rows.jsonl")
        bench.declare({"bot": {"base_model": BASE, "dataset": "rows", "epochs": 50}}, **keys)
        for words in (("plan", "-max-cost=0.01"), ("apply", "-auto-approve", "-max-cost=0.01")):
            refused = bench.run(*words)
            assert refused.code == 10, (keys, refused.said)
            assert "-max-cost allows $0.01" in refused.said
    assert bench.bought() == (0, 0)
    bench.plan("-max-cost=5")


def test_a_price_that_the_project_alone_names_passes_no_limit_and_one_of_the_companys_does(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    house = {"gpt-4.1-house-2026-12-01": {"methods": ["supervised"], "train_per_million": "0.01"}}
    models = {"bot": {"base_model": "gpt-4.1-house-2026-12-01", "dataset": "rows", "epochs": 1}}
    bench.declare(models, catalog={"sandbox": {"models": house}})
    refused = bench.run("plan", "-offline", "-max-cost=5")
    assert refused.code == 10
    assert "is said by the project alone" in refused.said
    assert "FTPLAN_CATALOG" in refused.said
    company = bench.write("../company.yaml", json.dumps({"sandbox": {"models": house}}))
    bench.environ(FTPLAN_CATALOG=str(company))
    bench.plan("-offline", "-max-cost=5")
