"""What a provider is told to report to elsewhere goes with the job, and makes no model another one."""

from __future__ import annotations

from openai import OpenAI
from workbench import Workbench

RUN = {"project": "support-bots", "tags": ["rehearsed"]}


def test_the_job_carries_it(bench: Workbench) -> None:
    bench.bot(integrations={"wandb": RUN})
    assert "support-bots" in bench.plan().out
    bench.apply()
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        (told,) = client.fine_tuning.jobs.retrieve(bench.state["models"][0]["job"]["id"]).integrations or []
    assert {name: value for name, value in told.wandb.to_dict().items() if value is not None} == RUN


def test_a_change_of_it_trains_nothing(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    bought = bench.bought()
    for told in ({"wandb": RUN}, {"wandb": {"project": "other"}}, {}):
        bench.bot(integrations=told)
        assert bench.plan("-detailed-exitcode").code == 0
        bench.apply()
    assert bench.bought() == bought
