from __future__ import annotations

import base64
import csv
import io
import statistics

import openai
import pytest


def test_a_job_trains_to_a_model(desk, chats):
    job = desk.trained(chats, suffix="fruit", metadata={"k": "v"}, hyperparameters={"n_epochs": 2})
    assert job.model == "gpt-4.1-mini-2025-04-14"
    assert job.fine_tuned_model.startswith("ft:gpt-4.1-mini-2025-04-14:sandbox:fruit:")
    assert len(job.fine_tuned_model.rpartition(":")[2]) == 8
    assert job.hyperparameters.n_epochs == 2
    assert job.hyperparameters.batch_size == 1
    assert job.error is None
    assert job.finished_at >= job.created_at
    assert job.trained_tokens > 0
    assert job.trained_tokens % 2 == 0
    assert job.organization_id == "org-sandbox"
    assert job.model_extra["user_provided_suffix"] == "fruit"
    assert desk.client.models.retrieve(job.fine_tuned_model).owned_by == "org-sandbox"


def test_a_model_without_suffix_has_an_empty_place_for_it(desk, chats):
    assert ":sandbox::" in desk.trained(chats).fine_tuned_model


def test_auto_is_resolved_by_the_number_of_rows_once_it_runs(desk, chats):
    made = desk.job(chats[:10])
    assert made.hyperparameters.n_epochs == "auto"
    done = desk.until(made.id, "succeeded")
    assert done.hyperparameters.n_epochs == 10
    assert done.method.supervised.hyperparameters.n_epochs == 10


def test_the_loss_falls_over_the_epochs(desk, chats):
    job = desk.trained(chats, hyperparameters={"n_epochs": 3, "batch_size": 2})
    metrics = desk.metrics(job.id)
    assert [one["step"] for one in metrics] == list(range(1, 46))
    assert {one["total_steps"] for one in metrics} == {45}
    epochs = [statistics.mean(one["train_loss"] for one in metrics[n : n + 15]) for n in (0, 15, 30)]
    assert epochs[0] > epochs[1] > epochs[2] > 0
    assert metrics[-1]["train_mean_token_accuracy"] > metrics[0]["train_mean_token_accuracy"]


def test_the_same_rows_and_seed_give_the_same_numbers(desk, chats):
    first, second = desk.trained(chats, seed=3), desk.trained(chats, seed=3)
    assert desk.metrics(first.id) == desk.metrics(second.id)
    assert desk.metrics(desk.trained(chats, seed=4).id) != desk.metrics(first.id)
    assert desk.metrics(desk.trained(chats[::-1], seed=3).id) != desk.metrics(first.id)


def test_the_result_file_is_a_csv_in_base64(desk, chats):
    job = desk.trained(chats, validation_file=desk.upload(chats[:4]), hyperparameters={"n_epochs": 1})
    (result,) = job.result_files
    assert desk.client.files.retrieve(result).purpose == "fine-tune-results"
    text = base64.b64decode(desk.client.files.content(result).read()).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert text.startswith("step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n")
    assert [float(row["train_loss"]) for row in rows] == [one["train_loss"] for one in desk.metrics(job.id)]
    assert [float(row["valid_loss"]) for row in rows] == [one["valid_loss"] for one in desk.metrics(job.id)]


def test_the_last_three_epochs_leave_checkpoints(desk, chats):
    job = desk.trained(chats, validation_file=desk.upload(chats[:4]), hyperparameters={"n_epochs": 5})
    kept = list(desk.client.fine_tuning.jobs.checkpoints.list(job.id, limit=2))
    assert [one.step_number for one in kept] == [150, 120, 90]
    assert kept[0].fine_tuned_model_checkpoint == f"{job.fine_tuned_model}:ckpt-step-150"
    assert kept[0].metrics.full_valid_loss > 0
    model = kept[1].fine_tuned_model_checkpoint
    assert desk.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "plum"}])


def test_events_tell_the_story_and_say_that_it_is_a_rehearsal(desk, chats):
    job = desk.trained(chats, hyperparameters={"n_epochs": 1})
    told = [event.message for event in desk.client.fine_tuning.jobs.list_events(job.id, limit=7)]
    assert all(text.startswith("Rehearsal: ") for text in told)
    assert "successfully completed" in told[0]
    assert job.fine_tuned_model in told[1]
    assert job.id in told[-1]
    assert len(desk.client.fine_tuning.jobs.list_events(job.id).data) == 20


def test_preference_pairs_are_learnt(desk, pairs):
    job = desk.trained(pairs, method={"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.5, "n_epochs": 3}}})
    metrics = desk.metrics(job.id)
    assert metrics[0]["train_loss"] == pytest.approx(0.69315)  # ln 2: it knows nothing yet
    assert metrics[-1]["train_loss"] < metrics[0]["train_loss"]
    assert metrics[-1]["train_mean_token_accuracy"] == 1.0
    assert job.hyperparameters is None
    assert job.method.dpo.hyperparameters.beta == 0.5


def test_reinforcement_is_rewarded_by_its_grader(desk, questions):
    grader = {
        "type": "string_check",
        "name": "exact",
        "operation": "eq",
        "input": "{{sample.output_text}}",
        "reference": "{{item.shelf}}",
    }
    settings = {"grader": grader, "hyperparameters": {"n_epochs": 2}}
    job = desk.trained(questions, model="o4-mini", method={"type": "reinforcement", "reinforcement": settings})
    rewards = [one["train_mean_reward"] for one in desk.metrics(job.id)]
    assert statistics.mean(rewards[:12]) < statistics.mean(rewards[12:]) == 1.0
    answer = desk.client.chat.completions.create(
        model=job.fine_tuned_model, messages=[{"role": "user", "content": "item hazel?"}]
    )
    assert answer.choices[0].message.content == "[rehearsal] shelf h"


def test_training_goes_on_from_a_tuned_model(desk, chats):
    first = desk.trained(chats, suffix="one", hyperparameters={"n_epochs": 1})
    second = desk.trained(chats, model=first.fine_tuned_model, suffix="two", hyperparameters={"n_epochs": 1})
    assert second.model == first.fine_tuned_model
    assert second.fine_tuned_model.startswith("ft:gpt-4.1-mini-2025-04-14:sandbox:two:")
    assert desk.metrics(second.id)[0]["train_loss"] < desk.metrics(first.id)[0]["train_loss"]


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda rows: rows[:3], "invalid_n_examples", "has 3 example(s), but must have at least 10"),
        (lambda rows: [*rows, "{broken"], "invalid_training_file", "line 31"),
        (lambda rows: [*rows, {"prompt": "a", "completion": "b"}], "invalid_file_format", "Line 31"),
    ],
)
def test_rows_that_cannot_be_trained_on_fail_the_job_and_not_the_request(desk, chats, spoil, code, words):
    job = desk.until(desk.job(spoil(chats)).id, "failed")
    assert (job.error.code, job.error.param) == (code, "training_file")
    assert words in job.error.message
    assert job.fine_tuned_model is None
    assert job.finished_at
    (event,) = [e for e in desk.client.fine_tuning.jobs.list_events(job.id) if e.level == "error"]
    assert words in event.message


def test_rows_of_another_method_fail_the_job(desk, pairs):
    assert desk.until(desk.job(pairs).id, "failed").error.code == "invalid_file_format"


def test_deleting_the_file_does_not_hurt_the_job(desk, chats):
    job = desk.job(chats)
    desk.client.files.delete(job.training_file)
    model = desk.until(job.id, "succeeded").fine_tuned_model
    assert desk.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "lime"}])


def test_a_deleted_model_is_gone(desk, chats):
    model = desk.trained(chats).fine_tuned_model
    assert model in {one.id for one in desk.client.models.list()}
    assert desk.client.models.delete(model).deleted
    assert model not in {one.id for one in desk.client.models.list()}
    with pytest.raises(openai.NotFoundError) as refusal:
        desk.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
    assert refusal.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError):
        desk.job(chats, model=model)
