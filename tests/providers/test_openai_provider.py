"""What goes over the wire, and what is made of the answers."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from wire_stub import CANARY, NO_RETRY, Hangs, Resets, Says, Stub, error, file, job, page

from ftplan.core.facts import JobEvent, JobProgress, Phase
from ftplan.core.ports import HasEvents, HasProgress, JobRequest
from ftplan.errors import NotAllowed, OutcomeUnknown, ProviderError, Rejected, Unreachable
from ftplan.providers import Connection, load_catalog
from ftplan.providers.openai import OpenAIProvider
from ftplan.providers.openai_clients import Patience

JOBS = "/fine_tuning/jobs"
HTML = Says(502, b"<html><h1>Bad gateway</h1></html>", {"Content-Type": "text/html", **NO_RETRY})
DOUBTS: dict[str, Any] = {
    "500": error(500),
    "500 with a code of a refusal": error(500, code="insufficient_quota"),
    "503": Says(503, b"", {"x-should-retry": "true", "retry-after": "1"}),
    "408": error(408),
    "409": error(409),
    "429 of a proxy": Says(429, b"slow down", {"Content-Type": "text/plain"}),
    "no answer": Hangs(),
    "broken connection": Resets(),
    "an HTML page": HTML,
    "an HTML page for success": Says(200, b"<html></html>", {"Content-Type": "text/html"}),
    "half a JSON": Says(200, b'{"id": "ftj'),
    "a list": Says(200, ["ftjob-1"]),
    "no id": Says(200, {"object": "fine_tuning.job"}),
    "redirect": Says(307, b"", {"Location": "/v1/elsewhere"}),
    "redirect of a GET": Says(303, b"", {"Location": "/v1/fine_tuning/jobs/ftjob-1"}),
    "418": error(418),
}


@pytest.mark.parametrize("answer", DOUBTS.values(), ids=DOUBTS.keys())
def test_a_doubtful_start_is_one_post_and_unknown(
    answer: Any, stub: Stub, impatient: OpenAIProvider, order: Callable[..., JobRequest]
) -> None:
    stub.tell("POST", JOBS, answer)
    with pytest.raises(OutcomeUnknown):
        impatient.start_job(order())
    assert [(one.method, one.path) for one in stub.seen] == [("POST", JOBS)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refused_start_is_one_post_and_nothing_was_bought(
    status: int, stub: Stub, provider: OpenAIProvider, order: Callable[..., JobRequest]
) -> None:
    stub.tell("POST", JOBS, error(status, "No such model", headers={"x-request-id": "req-9"}))
    with pytest.raises(Rejected) as caught:
        provider.start_job(order())
    assert not caught.value.busy
    assert caught.value.request_id == "req-9"
    detail = caught.value.problems[0].detail
    assert "No such model" in detail
    assert "req-9" in detail
    assert bool(caught.value.problems[0].advice) is (status in (401, 403))
    assert stub.count("POST") == 1


def test_a_rate_limit_of_the_services_own_is_a_queue(
    stub: Stub, provider: OpenAIProvider, order: Callable[..., JobRequest]
) -> None:
    stub.tell("POST", JOBS, error(429, code="rate_limit_exceeded", headers={"retry-after": "7"}))
    with pytest.raises(Rejected) as caught:
        provider.start_job(order())
    assert (caught.value.busy, caught.value.retry_after) == (True, 7.0)
    assert stub.count("POST") == 1


def test_no_credit_is_no_queue(stub: Stub, provider: OpenAIProvider, order: Callable[..., JobRequest]) -> None:
    stub.tell("POST", JOBS, error(429, code="insufficient_quota", type="insufficient_quota"))
    with pytest.raises(Rejected) as caught:
        provider.start_job(order())
    assert not caught.value.busy
    assert "credit" in caught.value.problems[0].advice


def test_an_organization_that_is_cut_off_is_told_what_remains(
    stub: Stub, provider: OpenAIProvider, order: Callable[..., JobRequest]
) -> None:
    stub.tell("POST", JOBS, error(403, "OpenAI is winding down", code="training_not_available"))
    with pytest.raises(Rejected) as caught:
        provider.start_job(order())
    problem = caught.value.problems[0]
    assert problem.summary == "Training is closed to this organization"
    for words in ("2027-01-06", "Nothing was started", "files already uploaded remain"):
        assert words in problem.detail


def test_the_order_arrives_as_it_was_written(
    stub: Stub, provider: OpenAIProvider, order: Callable[..., JobRequest]
) -> None:
    stub.tell("POST", JOBS, Says(200, job()))
    started = provider.start_job(order(method="dpo", n_epochs=2, hyperparameters={"beta": 0.1}, suffix="bot"))
    assert (started.id, started.phase) == ("ftjob-1", Phase.VALIDATING)
    assert stub.seen[0].json == {
        "model": "gpt-4.1-mini-2025-04-14",
        "training_file": "file-1",
        "method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1, "n_epochs": 2}}},
        "suffix": "bot",
        "metadata": {"ftplan_key": "k"},
    }


def test_a_read_is_repeated_and_a_write_is_not(stub: Stub, provider: OpenAIProvider) -> None:
    soon = {"retry-after-ms": "1"}
    stub.tell("GET", f"{JOBS}/ftjob-1", error(500, headers=soon), error(500, headers=soon), Says(200, job()))
    assert provider.get_job("ftjob-1") is not None
    assert stub.count("GET") == 3
    stub.tell("POST", f"{JOBS}/ftjob-1/cancel", error(500, headers=soon), Says(200, job()))
    with pytest.raises(OutcomeUnknown):
        provider.cancel_job("ftjob-1")
    assert stub.count("POST") == 1


def test_a_write_never_leaves_after_its_time_is_over(
    stub: Stub, connect: Callable[..., Connection], order: Callable[..., JobRequest]
) -> None:
    late = OpenAIProvider(connect(), load_catalog("openai"), patience=Patience(write_seconds=0.0))
    with pytest.raises(OutcomeUnknown):
        late.start_job(order())
    assert stub.seen == []


READS: dict[str, tuple[str, Callable[[OpenAIProvider], Any]]] = {
    "file": ("/files/x", lambda p: p.get_file("x")),
    "job": (f"{JOBS}/x", lambda p: p.get_job("x")),
    "model": ("/models/x", lambda p: p.get_model("x")),
    "progress": (f"{JOBS}/x/events", lambda p: p.progress("x")),
    "files": ("/files", lambda p: p.find_file("0" * 64, 1)),
    "jobs": (JOBS, lambda p: p.find_jobs({"ftplan_key": "k"})),
    "access": ("/files", lambda p: p.check_access()),
}


@pytest.mark.parametrize(("path", "ask"), [pytest.param(*case, id=name) for name, case in READS.items()])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(401), NotAllowed),
        (error(403), NotAllowed),
        (error(500, headers=NO_RETRY), Unreachable),
        (error(429, headers=NO_RETRY), Unreachable),
        (HTML, Unreachable),
        (Says(200, b"<html></html>", {"Content-Type": "text/html"}), Unreachable),
        (Says(200, b"null"), Unreachable),
        (Says(200, {}), Unreachable),
        (Says(404, b"<html>not found</html>", {"Content-Type": "text/html"}), Unreachable),
        (Says(404, {"detail": "Not Found"}), Unreachable),
        (error(404, "Invalid URL (GET /v1/x)"), Unreachable),
        (Says(302, b"", {"Location": "/v1/login"}), Unreachable),
        (Resets(), Unreachable),
        (Hangs(), Unreachable),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_a_failed_read_is_never_an_answer(
    path: str, ask: Callable[[OpenAIProvider], Any], answer: Any, expected: type, stub: Stub, impatient: OpenAIProvider
) -> None:
    stub.tell("GET", path, answer)
    with pytest.raises(expected):
        ask(impatient)
    assert stub.count("GET") == 1


@pytest.mark.parametrize("name", ["file", "job", "model", "progress"])
def test_what_the_service_says_is_gone_is_none(name: str, stub: Stub, provider: OpenAIProvider) -> None:
    assert READS[name][1](provider) is None
    assert stub.count("GET") == 1


def test_a_busy_read_says_when_to_come_back(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", f"{JOBS}/x", error(429, headers={**NO_RETRY, "retry-after": "12"}))
    with pytest.raises(Unreachable) as caught:
        provider.get_job("x")
    assert caught.value.retry_after == 12.0


def test_redirects_are_not_followed(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", f"{JOBS}/x", Says(307, b"", {"Location": f"{stub.url}/fine_tuning/jobs/y"}))
    stub.tell("GET", f"{JOBS}/y", Says(200, job(id="y")))
    with pytest.raises(Unreachable) as caught:
        provider.get_job("x")
    assert "redirect" in caught.value.problems[0].detail
    assert stub.count("GET") == 1


def test_an_id_that_is_none_reaches_no_wire(stub: Stub, provider: OpenAIProvider) -> None:
    for ask in (provider.get_file, provider.get_job, provider.get_model, provider.progress):
        with pytest.raises(Unreachable):
            ask("../../files/x")
    for change in (provider.cancel_job, provider.delete_file, provider.delete_model):
        with pytest.raises((Rejected, Unreachable)):
            change("../../files/x")
    assert stub.seen == []


def test_jobs_are_searched_by_all_marks_on_every_page_and_checked_again(stub: Stub, provider: OpenAIProvider) -> None:
    mine, marks = {"ftplan_key": "k", "ftplan_project": "p", "team": "t"}, {"ftplan_key": "k", "ftplan_project": "p"}
    newest = [job(id="a", created_at=9, metadata=mine), job(id="b", created_at=8, metadata={"ftplan_key": "k"})]
    oldest = [job(id="c", created_at=7, metadata=None), job(id="d", created_at=6, metadata=mine)]
    stub.tell("GET", JOBS, Says(200, page(*newest, has_more=True)), Says(200, page(*oldest)))
    assert [found.id for found in provider.find_jobs(marks)] == ["d", "a"]
    asked = {"limit": "100", "metadata[ftplan_key]": "k", "metadata[ftplan_project]": "p"}
    assert [one.query for one in stub.seen] == [asked, {**asked, "after": "b"}]


def test_a_list_that_goes_round_in_circles_is_no_list(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", JOBS, Says(200, page(job(), has_more=True)))
    with pytest.raises(Unreachable):
        provider.find_jobs({})


def test_a_list_with_a_broken_row_is_no_list(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", JOBS, Says(200, page(job(), {"object": "fine_tuning.job"})))
    with pytest.raises(Unreachable):
        provider.find_jobs({})


def test_a_file_is_found_by_hash_and_size_and_the_oldest_usable_one_wins(stub: Stub, provider: OpenAIProvider) -> None:
    sha = "ab" * 32
    named = f"train.{sha[:32]}.jsonl"
    rows = [
        file(id="f-broken", filename=named, created_at=1, status="error"),
        file(id="f-other-size", filename=named, created_at=2, bytes=11),
        file(id="f-other-hash", filename="train.jsonl", created_at=3),
        file(id="f-newer", filename=named, created_at=5),
    ]
    last = file(id="f-oldest", filename=named, created_at=4, status="uploaded")
    stub.tell("GET", "/files", Says(200, page(*rows, has_more=True)), Says(200, page(last)))
    found = provider.find_file(sha, 10)
    assert found is not None
    assert (found.id, found.ready) == ("f-oldest", None)
    assert [one.query.get("after") for one in stub.seen] == [None, "f-newer"]
    assert {one.query["purpose"] for one in stub.seen} == {"fine-tune"}


def test_one_listing_of_files_serves_a_whole_plan(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", "/files", Says(200, page()))
    for number in range(3):
        assert provider.find_file(str(number) * 64, 1) is None
    assert stub.count("GET") == 1


def test_after_a_write_every_search_for_a_file_asks_anew(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", "/files", Says(200, page()))
    provider.find_file("0" * 64, 1)
    provider.delete_file("file-neverwas")
    provider.find_file("0" * 64, 1)
    provider.find_file("0" * 64, 1)
    assert stub.count("GET") == 3


def test_access_is_checked_by_one_small_question(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", "/files", Says(200, page(file())))
    provider.check_access()
    assert [(one.method, one.query["limit"]) for one in stub.seen] == [("GET", "1")]


def test_progress_comes_from_the_events(stub: Stub, provider: OpenAIProvider) -> None:
    assert isinstance(provider, HasProgress)
    event = {"created_at": 2, "type": "metrics", "message": "Step 2/9", "data": {"step": 2, "total_steps": 9}}
    stub.tell("GET", f"{JOBS}/j/events", Says(200, page(event)))
    assert provider.progress("j") == JobProgress(2, 9, None, None, "Step 2/9")


def test_events_come_from_every_page_oldest_first_and_each_once(stub: Stub, provider: OpenAIProvider) -> None:
    assert isinstance(provider, HasEvents)
    newest = [
        {"id": f"e{number}", "created_at": 5, "message": f"{number}", "data": {"step": number}} for number in (4, 3)
    ]
    older = [{"id": f"e{number}", "created_at": 5 - (number < 2), "message": f"{number}"} for number in (3, 2, 1)]
    stub.tell("GET", f"{JOBS}/j", Says(200, job(id="j")))
    stub.tell("GET", f"{JOBS}/j/events", Says(200, {**page(*newest), "has_more": True}), Says(200, page(*older)))
    told = provider.events("j")
    assert told is not None
    assert [event.id for event in told] == ["e1", "e2", "e3", "e4"]
    assert told[-1] == JobEvent("e4", 5, "4", data={"step": 4})
    assert stub.seen[-1].query["after"] == "e3"


def test_behind_the_event_that_is_known_no_page_is_asked_for(stub: Stub, provider: OpenAIProvider) -> None:
    rows = [{"id": f"e{number}", "created_at": number, "message": ""} for number in (3, 2)]
    stub.tell("GET", f"{JOBS}/j", Says(200, job(id="j")))
    stub.tell("GET", f"{JOBS}/j/events", Says(200, {**page(*rows), "has_more": True}))
    assert [event.id for event in provider.events("j", "e2") or ()] == ["e3"]
    assert stub.count("GET") == 2


def test_a_job_that_is_gone_has_no_events(provider: OpenAIProvider) -> None:
    assert provider.events("j") is None


def test_a_job_that_ended_by_itself_counts_as_cancelled(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", f"{JOBS}/j/cancel", error(400, "Job is already succeeded"))
    stub.tell("GET", f"{JOBS}/j", Says(200, job(id="j", status="succeeded")))
    over = provider.cancel_job("j")
    assert over is not None
    assert over.phase is Phase.SUCCEEDED


def test_a_refused_cancel_of_a_running_job_is_refused(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("POST", f"{JOBS}/j/cancel", error(400, "not now"))
    stub.tell("GET", f"{JOBS}/j", Says(200, job(id="j", status="running")))
    with pytest.raises(Rejected):
        provider.cancel_job("j")


def test_deleting_says_whether_it_was_there(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("DELETE", "/files/f", Says(200, {"id": "f", "deleted": True}))
    stub.tell("DELETE", "/models/ft:m:o::1", Says(200, {"id": "ft:m:o::1", "deleted": True}))
    assert provider.delete_file("f") is True
    assert provider.delete_file("g") is False
    assert provider.delete_model("ft:m:o::1") is True
    assert provider.delete_model("ft:m:o::2") is False


def test_a_delete_that_deleted_nothing_is_not_believed(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("DELETE", "/files/f", Says(200, {"id": "f", "deleted": False}))
    with pytest.raises(OutcomeUnknown):
        provider.delete_file("f")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500])
def test_no_message_holds_the_key_or_a_control_character(
    status: int, stub: Stub, provider: OpenAIProvider, order: Callable[..., JobRequest]
) -> None:
    evil = f"Incorrect key {CANARY}, sk-proj-ab**cd; Bearer {CANARY} \x1b]52;c;x\x07 \u202e\r\n::set-env " + "x" * 900
    answer = error(status, evil, code=f"{CANARY}", headers={**NO_RETRY, "x-request-id": CANARY})
    stub.tell("POST", JOBS, answer)
    stub.tell("GET", JOBS, answer)
    for ask in (lambda: provider.start_job(order()), lambda: provider.find_jobs({})):
        with pytest.raises(ProviderError) as caught:
            ask()
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.problems)
        shown += caught.value.request_id
        assert "canary" not in shown
        assert "sk-proj" not in shown
        assert not set("\x1b\x07\u202e\r") & set(caught.value.problems[0].detail)
        assert len(caught.value.problems[0].detail) < 1000


def test_a_whole_error_page_is_never_quoted(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", f"{JOBS}/x", HTML)
    with pytest.raises(Unreachable) as caught:
        provider.get_job("x")
    assert "gateway" not in caught.value.problems[0].detail
    assert "text/html" in caught.value.problems[0].detail
