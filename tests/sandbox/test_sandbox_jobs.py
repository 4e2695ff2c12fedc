from __future__ import annotations

import openai
import pytest


def test_jobs_are_found_by_all_their_metadata_newest_first(desk, chats):
    made = [desk.job(chats, metadata={"key": str(n), "parity": str(n % 2)}).id for n in range(5)]
    listed = desk.client.fine_tuning.jobs.list
    assert [job.id for job in listed()] == made[::-1]
    assert [job.id for job in listed(metadata={"parity": "0"})] == [made[4], made[2], made[0]]
    assert [job.id for job in listed(metadata={"parity": "0", "key": "2"})] == [made[2]]
    assert not listed(metadata={"parity": "0", "key": "1"}).data
    assert not listed(extra_query={"metadata": "null"}).data


def test_the_list_of_jobs_is_paged(desk, chats):
    file = desk.upload(chats[:10])
    create = desk.client.fine_tuning.jobs.create
    made = [create(model="gpt-4o-mini", training_file=file, metadata={"all": "one"}).id for _ in range(23)]
    first = desk.client.fine_tuning.jobs.list(metadata={"all": "one"})
    assert len(first.data) == 20
    assert first.has_more
    assert [job.id for job in first] == made[::-1]
    assert [job.id for job in desk.client.fine_tuning.jobs.list(after=made[2], limit=1).data] == [made[1]]
    with pytest.raises(openai.BadRequestError):
        desk.client.fine_tuning.jobs.list(after="ftjob-none")


def test_a_job_goes_through_its_states_in_order(open_desk, chats):
    desk = open_desk(speed=3)
    job = desk.job(chats)
    seen = [job.status]
    while seen[-1] != "succeeded":
        job = desk.until(job.id, *({"validating_files", "queued", "running", "succeeded"} - set(seen)))
        seen.append(job.status)
    order = ["validating_files", "queued", "running", "succeeded"]
    assert seen == [status for status in order if status in seen]
    assert seen[0] == "validating_files"
    assert "running" in seen


def test_a_running_job_shows_its_steps_as_time_goes_by(open_desk, chats):
    desk = open_desk(speed=3)
    job = desk.until(desk.job(chats).id, "running")
    assert job.estimated_finish >= job.created_at
    assert job.trained_tokens is None
    early = len(desk.metrics(job.id))
    desk.until(job.id, "succeeded")
    assert early < len(desk.metrics(job.id)) == 90


def test_a_cancelled_job_stays_cancelled(open_desk, chats):
    desk = open_desk(speed=1)
    job = desk.job(chats)
    assert desk.client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    gone = desk.client.fine_tuning.jobs.retrieve(job.id)
    assert gone.finished_at >= gone.created_at
    assert gone.fine_tuned_model is None
    assert gone.result_files == []
    assert "cancelled" in desk.client.fine_tuning.jobs.list_events(job.id).data[0].message
    with pytest.raises(openai.BadRequestError):
        desk.client.fine_tuning.jobs.cancel(job.id)


def test_a_paused_job_waits_until_it_is_resumed(open_desk, chats):
    desk = open_desk(speed=3)
    job = desk.until(desk.job(chats).id, "running")
    assert desk.client.fine_tuning.jobs.pause(job.id).status == "pausing"
    assert desk.until(job.id, "paused").fine_tuned_model is None
    steps = len(desk.metrics(job.id))
    assert len(desk.metrics(job.id)) == steps
    assert desk.client.fine_tuning.jobs.resume(job.id).status == "queued"
    desk.until(job.id, "succeeded")
    assert len(desk.metrics(job.id)) == 90 > steps


def test_a_finished_job_can_neither_be_cancelled_nor_paused_nor_resumed(desk, chats):
    job = desk.trained(chats)
    for verb in (desk.client.fine_tuning.jobs.cancel, desk.client.fine_tuning.jobs.pause):
        with pytest.raises(openai.BadRequestError, match="succeeded"):
            verb(job.id)
    with pytest.raises(openai.BadRequestError, match="succeeded"):
        desk.client.fine_tuning.jobs.resume(job.id)


def _supervised(**hyperparameters):
    return {"method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}}


def _wandb(**fields):
    return {"type": "wandb", "wandb": {"project": "p", **fields}}


def _dpo(**hyperparameters):
    return {"method": {"type": "dpo", "dpo": {"hyperparameters": hyperparameters}}}


_HYPER = "method.supervised.hyperparameters"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": "gpt-9"}, "model"),
        ({"model": "ft:gpt-4.1-mini-2025-04-14:other::abcdefgh"}, "model"),
        ({"training_file": "file-none"}, "training_file"),
        ({"validation_file": "file-none"}, "validation_file"),
        ({"suffix": "s" * 65}, "suffix"),
        ({"suffix": ""}, "suffix"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"metadata": {str(n): "v" for n in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 513}}, "metadata"),
        ({"metadata": {"k": 1}}, "metadata"),
        (_supervised(n_epochs=0), f"{_HYPER}.n_epochs"),
        (_supervised(n_epochs=51), f"{_HYPER}.n_epochs"),
        (_supervised(batch_size=257), f"{_HYPER}.batch_size"),
        (_supervised(learning_rate_multiplier=0), f"{_HYPER}.learning_rate_multiplier"),
        (_supervised(beta=0.1), f"{_HYPER}.beta"),
        (_dpo(beta=2.5), "method.dpo.hyperparameters.beta"),
        ({"method": {"type": "magic"}}, "method.type"),
        ({"method": {"type": "reinforcement", "reinforcement": {}}}, "method.reinforcement.grader"),
        ({"hyperparameters": {"n_epochs": 3}, **_dpo()}, "hyperparameters"),
        ({"integrations": [{"type": "wandb", "wandb": {}}]}, "integrations"),
        ({"integrations": [_wandb(team="x")]}, "integrations[0].wandb"),
        ({"integrations": [_wandb(), _wandb(entity=3)]}, "integrations[1].wandb"),
        ({"integrations": [_wandb(tags=["t" * 65])]}, "integrations[0].wandb.tags"),
        ({"integrations": [_wandb(tags=["t"] * 51)]}, "integrations[0].wandb.tags"),
        ({"integrations": [_wandb()] * 6}, "integrations"),
        ({"extra_body": {"epochs": 3}}, "epochs"),
    ],
)
def test_a_bad_request_is_refused_by_name(shared_desk, chats, fields, param):
    file = shared_desk.upload(chats[:10])
    with pytest.raises(openai.BadRequestError) as refusal:
        shared_desk.client.fine_tuning.jobs.create(**{"model": "gpt-4.1", "training_file": file, **fields})
    assert refusal.value.param == param
    assert refusal.value.type == "invalid_request_error"
    assert refusal.value.request_id.startswith("req_")
    assert not shared_desk.client.fine_tuning.jobs.list().data


def test_a_file_of_another_purpose_is_refused(shared_desk):
    file = shared_desk.client.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        shared_desk.client.fine_tuning.jobs.create(model="gpt-4.1", training_file=file.id)


def test_a_run_to_report_to_is_given_back_whole(desk, chats):
    job = desk.client.fine_tuning.jobs.create(
        model="gpt-4.1", training_file=desk.upload(chats[:10]), integrations=[_wandb(tags=["a"])]
    )
    (found,) = desk.client.fine_tuning.jobs.retrieve(job.id).integrations
    assert found.to_dict() == {"type": "wandb", "wandb": {"project": "p", "name": None, "entity": None, "tags": ["a"]}}


def test_an_omitted_seed_is_made_up_and_returned(desk, chats):
    job = desk.client.fine_tuning.jobs.create(model="gpt-4.1", training_file=desk.upload(chats))
    assert 0 <= job.seed < 2**31
