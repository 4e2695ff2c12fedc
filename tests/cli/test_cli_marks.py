"""The marks of a paid call as they go over the wire."""

from __future__ import annotations

from openai import OpenAI
from workbench import Workbench, model

from ftplan.core.recipe import MARK_KEY, call_seed


def test_a_job_without_a_seed_is_sent_one_made_of_its_key(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": {name: value for name, value in model().items() if name != "seed"}})
    assert "seed" not in bench.plan().out
    bench.apply()
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        (job,) = client.fine_tuning.jobs.list().data
    assert job.metadata is not None
    assert job.seed == call_seed(job.metadata[MARK_KEY])
    assert "seed" not in bench.state["models"][0]["recipe"]
    assert bench.plan("-detailed-exitcode").code == 0


def test_a_seed_that_was_given_is_sent_as_it_is(bench: Workbench) -> None:
    bench.bot(seed=7)
    bench.apply()
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        assert [job.seed for job in client.fine_tuning.jobs.list().data] == [7]
