from __future__ import annotations

import time

import openai
import pytest
from openai import OpenAI

JOBS = "/v1/fine_tuning/jobs"


def test_a_dropped_request_creates_nothing(desk, chats):
    desk.order({"action": "drop", "method": "POST", "path": JOBS})
    with pytest.raises(openai.APIConnectionError):
        desk.job(chats)
    assert not desk.client.fine_tuning.jobs.list().data
    (noted,) = desk.requests("POST", JOBS)
    assert (noted["status"], noted["fault"]) == (None, "drop")


def test_a_lost_answer_still_creates_the_job(desk, chats):
    desk.order({"action": "lost_answer", "method": "POST", "path": JOBS})
    with pytest.raises(openai.APIConnectionError):
        desk.job(chats, metadata={"key": "k"})
    (job,) = desk.client.fine_tuning.jobs.list(metadata={"key": "k"}).data
    desk.until(job.id, "succeeded")
    (noted,) = desk.requests("POST", JOBS)
    assert (noted["status"], noted["fault"]) == (200, "lost_answer")


@pytest.mark.parametrize(("before", "jobs"), [(True, 0), (False, 1)])
def test_a_status_comes_before_or_after_the_work(desk, chats, before, jobs):
    desk.order({"action": "status", "status": 503, "before": before, "method": "POST", "path": JOBS})
    with pytest.raises(openai.InternalServerError) as failure:
        desk.job(chats)
    assert failure.value.status_code == 503
    assert len(desk.client.fine_tuning.jobs.list().data) == jobs


def test_a_fault_hits_as_often_as_it_was_told_to(desk, chats):
    desk.order({"action": "status", "status": 500, "path": "/v1/models", "times": 2})
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            desk.client.models.list()
    assert desk.client.models.list().data
    assert desk.control("GET", "faults")["data"] == []


def test_a_retrying_client_waits_as_retry_after_says(desk):
    desk.order({"action": "status", "status": 429, "headers": {"Retry-After": "1"}, "path": "/v1/models"})
    with OpenAI(base_url=desk.running.url, api_key="sk-test", max_retries=1) as client:
        before = time.monotonic()
        assert client.models.list().data
        assert time.monotonic() - before >= 1  # without the header the SDK waits for half a second
    assert [one["x_stainless_retry_count"] for one in desk.requests("GET", "/v1/models")] == ["0", "1"]


def test_a_fault_can_answer_with_html(desk):
    desk.order({"action": "status", "status": 502, "body": "<html>Bad gateway</html>", "path": "/v1/.*odels"})
    with pytest.raises(openai.InternalServerError) as failure:
        desk.client.models.list()
    assert failure.value.response.text == "<html>Bad gateway</html>"
    assert failure.value.response.headers["x-request-id"]


def test_a_delayed_answer_comes_too_late_for_an_impatient_client(desk):
    desk.order({"action": "delay", "seconds": 0.5, "path": "/v1/models"})
    with pytest.raises(openai.APITimeoutError):
        desk.client.with_options(timeout=0.1).models.list()
    assert desk.client.models.list().data


def test_a_job_can_be_told_to_fail_when_its_files_are_checked(desk, chats):
    desk.order({"job_fails": {"code": "unsafe_file", "message": "No.", "param": "training_file"}})
    job = desk.until(desk.job(chats).id, "failed")
    assert (job.error.code, job.error.message) == ("unsafe_file", "No.")
    assert not desk.metrics(job.id)
    assert desk.trained(chats)


def test_a_job_can_be_told_to_fail_at_the_end_of_its_training(desk, chats):
    desk.order({"job_fails": {"code": "server_error", "message": "Late.", "in": "running"}})
    job = desk.until(desk.job(chats).id, "failed")
    assert job.error.code == "server_error"
    assert len(desk.metrics(job.id)) == 90
    assert job.fine_tuned_model is None


@pytest.mark.parametrize("state", ["validating_files", "queued", "running"])
def test_a_job_can_get_stuck(desk, chats, state):
    desk.order({"job_stuck_in": state})
    stuck = desk.job(chats)
    desk.trained(chats)  # by now the trainer has been past the stuck one
    assert desk.until(stuck.id, state)
    assert desk.client.fine_tuning.jobs.cancel(stuck.id).status == "cancelled"


def test_a_lagging_list_hides_a_job_that_can_be_retrieved(desk, chats):
    desk.order({"list_lag_seconds": 1.0})
    job = desk.job(chats, metadata={"key": "k"})
    assert not desk.client.fine_tuning.jobs.list(metadata={"key": "k"}).data
    assert desk.client.fine_tuning.jobs.retrieve(job.id).id == job.id
    deadline = time.monotonic() + 5
    while not desk.client.fine_tuning.jobs.list(metadata={"key": "k"}).data:
        assert time.monotonic() < deadline


def test_a_metadata_filter_can_be_ignored(desk, chats):
    job = desk.job(chats)
    desk.order({"ignore_metadata_filter": True})
    assert [one.id for one in desk.client.fine_tuning.jobs.list(metadata={"no": "such"}).data] == [job.id]
    assert not desk.client.fine_tuning.jobs.list(metadata={"no": "such"}).data


def test_an_organisation_can_be_cut_off_from_training(desk, chats):
    desk.order({"training_not_available": True, "times": None})
    for _ in range(2):
        with pytest.raises(openai.PermissionDeniedError) as refusal:
            desk.job(chats)
        assert refusal.value.code == "training_not_available"
    desk.control("DELETE", "faults")
    assert desk.job(chats)


def test_a_file_can_take_its_time_and_its_job_waits_for_it(desk, chats):
    desk.order({"file_processing_seconds": 0.4})
    job = desk.job(chats)
    assert desk.client.files.retrieve(job.training_file).status == "uploaded"
    assert job.status == "validating_files"
    desk.until(job.id, "succeeded")
    assert desk.client.files.retrieve(job.training_file).status == "processed"


@pytest.mark.parametrize(
    "rule", [{}, {"action": "explode"}, {"action": "drop", "job_stuck_in": "queued"}, {"action": "drop", "times": 0}]
)
def test_a_fault_that_cannot_be_is_refused(shared_desk, rule):
    with pytest.raises(OSError, match="400"):
        shared_desk.order(rule)
    assert not shared_desk.path.exists()


def test_faults_outlive_the_process(open_desk, chats):
    first = open_desk()
    first.order({"job_stuck_in": "queued"})
    first.running.close()
    second = open_desk()
    assert second.until(second.job(chats).id, "queued")
