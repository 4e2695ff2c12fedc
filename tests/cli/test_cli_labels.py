"""Labels and addresses are for those who judge a plan: they train nothing, go nowhere, and hold until the apply."""

from __future__ import annotations

import json
from typing import Any

from workbench import STATE, Workbench, model

MARK = "unmistakable-4711"


def labelled(bench: Workbench, labels: dict[str, str] | None, **keys: Any) -> None:
    """A project whose dataset has `labels`."""
    bench.rows("rows.jsonl")
    said = {"path": "rows.jsonl"} if labels is None else {"path": "rows.jsonl", "labels": labels}
    bench.declare({"bot": model()}, {"rows": said}, **keys)


def shown(bench: Workbench) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bench.run("show", "-json", "p").out)
    return document


def test_a_changed_label_trains_nothing_and_is_no_change(bench: Workbench) -> None:
    labelled(bench, {"license": "MIT"})
    assert bench.apply().code == 0
    before = (bench.folder / STATE).read_bytes()
    for labels in ({"license": MARK, "residency": "eu"}, None):
        labelled(bench, labels)
        done = bench.plan("-detailed-exitcode", "-out=p")
        assert (done.code, done.out.startswith("No changes.")) == (0, True)
        changes = [change["change"] for change in shown(bench)["resource_changes"]]
        assert [change["actions"] for change in changes] == [["no-op"], ["no-op"]]
        assert changes[0]["after"].get("labels") == labels
    assert bench.bought() == (1, 1)
    assert (bench.folder / STATE).read_bytes() == before


def test_labels_are_shown_in_a_plan_and_sent_and_kept_nowhere(bench: Workbench) -> None:
    labelled(bench, {"owner": MARK})
    planned = bench.plan("-out=p")
    assert f'+ owner = "{MARK}"' in planned.said
    resources = shown(bench)["planned_values"]["root_module"]["resources"]
    assert [one["values"]["labels"] for one in resources if one["type"] == "dataset"] == [{"owner": MARK}]
    assert bench.run("apply", "p").code == 0
    kept = [path for path in bench.folder.parent.glob("service.sqlite3*/**/*") if path.is_file()]
    kept += [path for path in (*bench.folder.parent.glob("service.sqlite3*"), bench.folder / STATE) if path.is_file()]
    assert len(kept) >= 3
    assert [path.name for path in kept if MARK.encode() in path.read_bytes()] == []


def test_a_plan_that_was_judged_by_its_labels_is_stale_once_they_change(bench: Workbench) -> None:
    labelled(bench, {"residency": "eu"})
    bench.plan("-out=p")
    labelled(bench, {"residency": "us"})
    done = bench.run("apply", "p")
    assert done.code == 1
    assert "the configuration or a variable has changed" in done.said
    assert bench.bought() == (0, 0)


def test_a_plan_that_was_judged_by_its_host_is_stale_at_another(bench: Workbench) -> None:
    labelled(bench, None, providers={"trainer": {"type": "openai"}})
    bench.environ(OPENAI_API_KEY="sandbox", OPENAI_BASE_URL=bench.sandbox.url)
    bench.plan("-out=p")
    assert shown(bench)["configuration"]["provider_config"]["trainer"]["host"] == "127.0.0.1"
    bench.environ(OPENAI_BASE_URL=bench.sandbox.url.replace("127.0.0.1", "localhost"))
    done = bench.run("apply", "p")
    assert done.code == 1
    assert "the provider trainer is at another address" in done.said
    assert bench.bought() == (0, 0)
    bench.environ(OPENAI_BASE_URL=bench.sandbox.url)
    assert bench.run("apply", "p").code == 0
    assert bench.bought() == (1, 1)


def test_an_address_is_shown_without_what_may_be_secret_in_it(bench: Workbench) -> None:
    labelled(bench, None, providers={"trainer": {"type": "openai"}})
    bench.environ(OPENAI_BASE_URL=f"https://{MARK}:{MARK}@gateway.example/v1?key={MARK}#{MARK}")
    assert bench.run("plan", "-offline", "-out=p").code == 0
    provider = shown(bench)["configuration"]["provider_config"]["trainer"]
    assert (provider["base_url"], provider["host"]) == ("https://gateway.example/v1", "gateway.example")
    assert MARK not in (bench.folder / "p").read_text()
