"""What is bought by an apply, counted at the service: each file and each job once, and nothing for a new spelling."""

from __future__ import annotations

import json
from datetime import date

import pytest
from openai import OpenAI
from workbench import BASE, JOBS, Workbench, chats, control, model

from ftplan.providers.catalog import load_catalog


def test_after_an_apply_there_is_nothing_to_do(bench: Workbench) -> None:
    bench.bot()
    first = bench.apply()
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in first.out
    assert "Apply complete! Resources: 2 added, 0 changed, 0 destroyed." in first.out
    assert f'bot = "{bench.model_id()}"' in first.out
    before = bench.state
    second = bench.plan("-detailed-exitcode")
    assert second.code == 0
    assert "No changes. Your infrastructure matches the configuration." in second.out
    assert bench.apply().out.count("Apply complete! Resources: 0 added, 0 changed, 0 destroyed.") == 1
    assert bench.bought() == (1, 1)
    assert bench.state == before


def test_a_plan_only_reads(bench: Workbench) -> None:
    bench.bot()
    bench.plan()
    bench.apply()
    bench.bot(epochs=2)
    read = len(bench.requests())
    bench.plan()
    assert {request["method"] for request in bench.requests()[read:]} == {"GET"}


def test_two_models_on_one_dataset_share_its_upload(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"calm": model(suffix="calm"), "brisk": model(suffix="brisk")})
    assert "Resources: 3 added" in bench.apply().out
    assert bench.bought() == (1, 2)


def test_two_names_for_one_recipe_share_its_job(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"one": model(), "other": model()})
    bench.apply()
    assert bench.bought() == (1, 1)
    assert bench.model_id("one") == bench.model_id("other")
    assert "No changes." in bench.plan().out


def test_other_epochs_need_a_job_and_no_upload(bench: Workbench) -> None:
    bench.bot(epochs=1)
    bench.apply()
    bench.bot(epochs=2)
    planned = bench.plan()
    assert "-/+" in planned.out
    assert "~ epochs" in planned.out
    assert "# forces replacement" in planned.out
    bench.apply()
    assert bench.bought() == (1, 2)
    assert "No changes." in bench.plan().out


def test_an_edit_taken_back_takes_the_former_model_back(bench: Workbench) -> None:
    bench.bot(epochs=1)
    bench.apply()
    first = bench.model_id()
    bench.bot(epochs=2)
    bench.apply()
    bench.bot(epochs=1)
    assert "<=" in bench.plan().out
    bench.apply()
    assert bench.bought() == (1, 2)
    assert bench.model_id() == first


def test_a_lost_state_finds_everything_again(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    first = bench.model_id()
    (bench.folder / "ftplan.state.json").unlink()
    bench.apply()
    assert bench.bought() == (1, 1)
    assert bench.model_id() == first
    assert "No changes." in bench.plan().out


def test_another_spelling_of_the_same_rows_costs_nothing(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    rows = chats()
    turned = [{"messages": [dict(reversed(list(m.items()))) for m in row["messages"]]} for row in rows]
    spellings = {
        "key order": "".join(json.dumps(row) + "\n" for row in turned),
        "whitespace": "".join(json.dumps(row, separators=(" , ", " :  ")) + "\n" for row in rows),
        "no escapes": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "line ends": "".join(json.dumps(row) + "\r\n" for row in rows),
        "no last line end": "\n".join(json.dumps(row) for row in rows),
    }
    for what, text in spellings.items():
        bench.write("rows.jsonl", text)
        assert "No changes." in bench.plan("-detailed-exitcode").out, what
    assert bench.bought() == (1, 1)


def test_other_names_for_the_same_things_cost_nothing(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": model()})
    bench.apply()
    (bench.folder / "rows.jsonl").rename(bench.folder / "moved.jsonl")
    bench.declare({"bot": model()}, {"rows": {"path": "moved.jsonl"}})
    assert bench.plan("-detailed-exitcode").code == 0, "another path"
    bench.declare({"bot": model(dataset="talks")}, {"talks": {"path": "moved.jsonl"}})
    assert bench.plan("-detailed-exitcode").code == 0, "another key"
    bench.declare({"bot": model(dataset="moved.jsonl")}, {})
    assert bench.plan("-detailed-exitcode").code == 0, "a path in place of a key"
    bench.declare({"bot": model(dataset="moved.jsonl")}, {}, providers={"elsewhere": bench.trainer})
    assert bench.plan("-detailed-exitcode").code == 0, "another name for the provider"
    bench.declare({"bot": model(dataset="moved.jsonl", base_model="gpt-4.1-mini")}, {})
    assert bench.plan("-detailed-exitcode").code == 0, "an alias for the snapshot"
    bench.declare({"bot": model(dataset="moved.jsonl", metadata={"team": "support"})}, {})
    assert bench.plan("-detailed-exitcode").code == 0, "metadata"
    assert bench.bought() == (1, 1)


def test_one_dataset_of_two_changed_needs_one_upload_and_one_job(bench: Workbench) -> None:
    both = {"first": {"path": "first.jsonl"}, "second": {"path": "second.jsonl"}}
    bench.rows("first.jsonl", "parcel")
    bench.rows("second.jsonl", "letter")
    bench.declare({"one": model(dataset="first"), "two": model(dataset="second")}, both)
    bench.apply()
    assert bench.bought() == (2, 2)
    bench.rows("second.jsonl", "postcard")
    bench.apply()
    assert bench.bought() == (3, 3)


def test_a_changed_parent_is_trained_before_its_child(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    chain = {"child": model(base_model="model.parent"), "parent": model(suffix="a")}
    bench.declare(chain)
    bench.apply()
    assert bench.bought() == (1, 2)
    former = bench.model_id("parent")
    bench.declare({**chain, "parent": model(suffix="b")})
    planned = bench.plan().out
    assert planned.count("-/+ model") == 2
    done = bench.apply()
    assert bench.bought() == (1, 4)
    ends = [line for line in done.err.splitlines() if "Creation complete" in line]
    assert [line.split(":")[0] for line in ends] == ["model.parent", "model.child"]
    child = next(m for m in bench.state["models"] if m["name"] == "child")
    assert bench.model_id("parent") != former
    assert child["job"]["base_model"] == bench.model_id("parent")
    assert "No changes." in bench.plan().out


def test_jobs_carry_the_users_metadata_beside_ours(bench: Workbench) -> None:
    bench.bot(metadata={"team": "support"})
    bench.apply()
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        job = client.fine_tuning.jobs.list().data[0]
    assert job.metadata is not None
    assert job.metadata["team"] == "support"
    assert set(job.metadata) == {
        "team", "ftplan_project", "ftplan_address", "ftplan_key", "ftplan_fingerprint"
    }  # fmt: skip


def test_a_paid_call_is_never_resent_by_the_http_library(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    assert [request["x_stainless_retry_count"] for request in bench.requests("POST", JOBS)] == ["0"]


@pytest.mark.skipif(
    date.today() >= (load_catalog("openai").jobs_end or date.max), reason="OpenAI takes no jobs any more"
)
def test_one_word_in_the_yaml_changes_from_the_sandbox_to_openai(bench: Workbench) -> None:
    """OpenAI is stood in for by the emulator in a process of its own, found by the SDK's own variables."""
    bench.bot(providers={"trainer": {"type": "sandbox"}}, base_model=BASE)
    bench.apply()
    serving = bench.start("sandbox", "serve", "-port=0", "-path=served.sqlite3")
    url = serving.until_it_says(r"listens on (http://\S+/v1)")[1]
    bench.environ(OPENAI_BASE_URL=url, OPENAI_API_KEY="sk-test")
    text = (bench.folder / "ftplan.yaml").read_text()
    assert text.count('"sandbox"') == 1
    bench.write("ftplan.yaml", text.replace('"sandbox"', '"openai"'))
    bench.apply()
    control_url = url.replace("/v1", "/_sandbox")
    bought = control(control_url, "GET", "requests")["data"]
    assert [r["path"] for r in bought if r["method"] == "POST"] == ["/v1/files", JOBS]
    assert "No changes." in bench.plan().out
    later = control(control_url, "GET", "requests")["data"][len(bought) :]
    assert later
    assert {r["method"] for r in later} == {"GET"}
