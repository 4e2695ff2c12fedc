"""The key is sent to the service and to nobody else: no stream, no file and no error ever holds it."""

from __future__ import annotations

import pytest
from workbench import FILES, JOBS, Workbench

# Without the form of any service's keys, so that no filter for a known form is what hides it.
CANARY = "canary-5d1f0c7e9b2a4638"

FAULTS = {
    "nothing": [],
    "a refusal that quotes the key": [
        {"action": "status", "status": 401, "code": "invalid_api_key", "message": f"Incorrect API key: {CANARY}."}
    ],
    "a page that quotes the key": [
        {"action": "status", "status": 502, "body": CANARY, "headers": {"Retry-After-Ms": "10"}, "times": 4}
    ],
    "an upload refused with the key": [
        {"action": "status", "status": 400, "message": f"No: Bearer {CANARY}", "method": "POST", "path": FILES}
    ],
    "a job refused with the key": [
        {"action": "status", "status": 403, "message": f"{CANARY} may not", "method": "POST", "path": JOBS}
    ],
    "a failed job": [{"job_fails": {"code": "odd", "message": "it is odd"}}],
    "a job failed with the key": [{"job_fails": {"code": CANARY, "message": f"Bearer {CANARY} is odd"}}],
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_key_is_nowhere_after(bench: Workbench, what: str) -> None:
    bench.bot(providers={"openai": {"base_url": bench.sandbox.url}})
    bench.environ(OPENAI_API_KEY=CANARY, FTPLAN_LOG="debug", OPENAI_LOG="debug")
    bench.order(*FAULTS[what])
    for words in (
        ("apply", "-auto-approve", "-json"),
        ("apply", "-auto-approve"),
        ("plan", "-out=p", "-markdown=p.md"),
        ("show", "-json", "p"),
        ("show", "-json"),
        ("output", "-json"),
    ):
        done = bench.run(*words)
        assert CANARY not in done.out + done.err, words
        assert "Traceback" not in done.err
    assert len(bench.requests()) > 0
    held = [path.name for path in bench.folder.rglob("*") if path.is_file() and CANARY in path.read_text("latin-1")]
    assert held == []


def test_a_key_in_the_yaml_is_refused_and_not_shown(bench: Workbench) -> None:
    for field in ("api_key", "token", "secret"):
        bench.bot(providers={"openai": {field: CANARY}})
        done = bench.run("plan")
        assert done.code == 1
        assert field in done.said
        assert CANARY not in done.said


def test_a_sensitive_variable_is_kept_in_no_plan(bench: Workbench) -> None:
    declared = {"name": {"type": "string", "sensitive": True}}
    bench.bot(epochs=1, variables=declared)
    bench.plan(f"-var=name={CANARY}", "-out=p")
    assert CANARY not in (bench.folder / "p").read_text()
    assert CANARY not in bench.run("show", "-json", "p").out
    bench.bot(suffix="${var.name}", variables=declared)
    assert CANARY not in bench.run("plan", f"-var=name={CANARY}-{'x' * 80}").said
