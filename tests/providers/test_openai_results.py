"""What is read of a job's results, checkpoints and events, and what is made of what cannot be read."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from wire_stub import NO_RETRY, Resets, Says, Stub, error, job, page

from ftplan.core.metrics import MOST_FIGURES, RawMetrics
from ftplan.core.ports import HasMetrics
from ftplan.errors import Unreachable
from ftplan.providers.openai import OpenAIProvider
from ftplan.providers.results_file import LARGEST_BYTES, read_results

JOB = "/fine_tuning/jobs/j"
CONTENT = "/files/file-r/content"
CSV = b"step,train_loss,train_accuracy,valid_loss,mean_reward\n1,0.75,0.5,,0.125\n2,0.5000000000000001,0.75,1e-3,\n"
FIGURES = {
    "train_loss": {1: 0.75, 2: 0.5000000000000001},
    "train_accuracy": {1: 0.5, 2: 0.75},
    "valid_loss": {2: 0.001},
    "mean_reward": {1: 0.125},
}


def event(step: Any, number: int = 0, **data: Any) -> dict[str, Any]:
    return {"id": f"e{number or step}", "created_at": 5, "type": "metrics", "data": {"step": step, **data}}


def checkpoint(step: int, **metrics: Any) -> dict[str, Any]:
    return {"id": f"c{step}", "step_number": step, "metrics": {"step": step, **metrics}}


@pytest.fixture
def told(stub: Stub) -> Stub:
    """A job that succeeded, with nothing told of it yet but that."""
    stub.tell("GET", JOB, Says(200, job(id="j", status="succeeded", result_files=["file-r"])))
    stub.tell("GET", f"{JOB}/checkpoints", Says(200, page()))
    stub.tell("GET", f"{JOB}/events", Says(200, page()))
    stub.tell("GET", CONTENT, Says(200, CSV))
    return stub


def metrics(provider: OpenAIProvider) -> RawMetrics:
    assert isinstance(provider, HasMetrics)
    raw = provider.metrics("j")
    assert raw is not None
    return raw


SPELLINGS = {
    "plain": CSV,
    "with a mark in front": b"\xef\xbb\xbf" + CSV,
    "lines as on Windows": CSV.replace(b"\n", b"\r\n"),
    "without its last newline": CSV.strip(),
    "in quotes": CSV.replace(b"train_loss", b'"train_loss"'),
    "base64": base64.b64encode(CSV),
    "base64 in lines": base64.encodebytes(CSV),
    "base64 without padding": base64.b64encode(CSV).rstrip(b"="),
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_a_results_file_is_read_plain_and_as_base64(told: Stub, provider: OpenAIProvider, content: bytes) -> None:
    told.tell("GET", CONTENT, Says(200, content, {"Content-Type": "application/octet-stream"}))
    raw = metrics(provider)
    assert (raw.results.columns, raw.remarks, raw.complete) == (FIGURES, (), True)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 4096])
@pytest.mark.parametrize("content", [CSV, base64.b64encode(CSV), base64.encodebytes(CSV)])
def test_it_does_not_matter_in_which_pieces_it_comes(content: bytes, size: int) -> None:
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    found, wrong = read_results(pieces)
    assert (found.columns, wrong) == (FIGURES, ())


DAMAGED = {
    "empty": (b" \n", {}, "it is empty"),
    "a page": (b"<html>Not here, really</html>", {}, "no column `step`"),
    "an error": (b'{"error": null, "x": 1}', {}, "no column `step`"),
    "bytes": (bytes(range(1, 44)), {}, "neither CSV nor base64"),
    "base64 of bytes": (base64.b64encode(b"\x00\x01" * 99), {}, "no column `step`"),
    "base64 that breaks off": (base64.b64encode(CSV + b"," * 6000)[:4097] + b"!" * 99999, FIGURES, "breaks off"),
    "without steps": (b"train_loss,valid_loss\n1,2\n", {}, "no column `step`"),
    "rows without a step": (CSV + b"-3,9,9,9,9\nx,1\n,\nnan,1\n1.5,1\n", FIGURES, "4 of its rows"),
    "words for figures": (CSV + b"3,n/a,-,null,1_0\n", FIGURES, ""),
    "a row too short": (CSV + b"3\n\n\n", FIGURES, ""),
    "a line without end": (CSV + b"3," + b"9" * 70_000, FIGURES, "a line of more than 64 KiB"),
    "a quote without end": (CSV + b'3,"' + b"9\n" * 70_000, FIGURES, "breaks off as CSV"),
}


@pytest.mark.parametrize(("content", "figures", "why"), DAMAGED.values(), ids=DAMAGED)
def test_what_cannot_be_read_is_said_and_what_stood_before_it_counts(
    told: Stub, provider: OpenAIProvider, content: bytes, figures: Any, why: str
) -> None:
    told.tell("GET", CONTENT, Says(200, content))
    raw = metrics(provider)
    assert raw.results.columns == figures
    assert [why in remark for remark in raw.remarks] == ([True] if why else [])
    assert not raw.unheard


def test_what_is_no_number_is_remembered_as_that(told: Stub, provider: OpenAIProvider) -> None:
    told.tell("GET", CONTENT, Says(200, b"step,train_loss\n1,0.5\n2,nan\n3,1e999\n4,-inf\n"))
    results = metrics(provider).results
    assert (results.columns, results.not_finite) == ({"train_loss": {1: 0.5}}, {"train_loss": 2})


def test_no_more_than_32_mebibytes_are_read() -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        yield b"step,x\n1,2\n"
        while True:
            taken += 1 << 20
            yield (b" " * 8191 + b"\n") * 128

    found, wrong = read_results(endless())
    assert found.columns == {"x": {1: 2.0}}
    assert wrong == ("it is larger than 32 MiB, and was read so far only",)
    assert taken <= LARGEST_BYTES + (1 << 20)


def test_a_million_figures_are_kept_and_no_more() -> None:
    head = b"step," + b",".join(b"c%d" % number for number in range(60)) + b"\n"
    rows = (b"%d" % step + b",1" * 60 + b"\n" for step in range(20_000))
    found, wrong = read_results([head, *rows])
    assert sum(map(len, found.columns.values())) == MOST_FIGURES
    assert wrong == ("it holds more figures than are ever kept; the first ones are",)


def test_checkpoints_come_from_every_page(told: Stub, provider: OpenAIProvider) -> None:
    first = {**page(checkpoint(20, full_valid_loss=0.5, valid_loss=None)), "has_more": True}
    told.tell("GET", f"{JOB}/checkpoints", Says(200, first), Says(200, page(checkpoint(10, full_valid_loss=0.75))))
    assert metrics(provider).checkpoints.columns == {"full_valid_loss": {10: 0.75, 20: 0.5}}


def test_events_with_figures_come_from_every_page_and_the_newest_of_a_step_counts(
    told: Stub, provider: OpenAIProvider
) -> None:
    newest = {**page(event(2, 4, train_loss=0.25, total_steps=9), event(2, 3, train_loss=7)), "has_more": True}
    odd = {"id": "e2", "data": {"step": "1", "train_loss": 1}}
    older = page(event(1, 1, train_loss=0.5, train_mean_reward=1, words="x", nested={"a": 1}), odd, {"id": "e0"})
    told.tell("GET", f"{JOB}/events", Says(200, newest), Says(200, older))
    assert metrics(provider).events.columns == {"train_loss": {1: 0.5, 2: 0.25}, "train_mean_reward": {1: 1.0}}


@pytest.mark.parametrize("body", [[], ["x", 3, None], [{"data": "x"}, {"metrics": 3, "id": "c"}], [{}, {"data": []}]])
def test_rows_of_another_shape_are_no_figures(told: Stub, provider: OpenAIProvider, body: list[Any]) -> None:
    for place in ("events", "checkpoints"):
        told.tell("GET", f"{JOB}/{place}", Says(200, page(*body)))
    raw = metrics(provider)
    assert (raw.events.columns, raw.checkpoints.columns, raw.results.columns) == ({}, {}, FIGURES)


def test_a_job_that_is_gone_has_no_metrics(provider: OpenAIProvider) -> None:
    assert provider.metrics("j") is None


def test_a_job_that_runs_has_no_results_file_and_is_not_complete(told: Stub, provider: OpenAIProvider) -> None:
    told.tell("GET", JOB, Says(200, job(id="j", status="running")))
    told.tell("GET", f"{JOB}/events", Says(200, page(event(1, train_loss=0.5))))
    raw = metrics(provider)
    assert (raw.complete, raw.events.columns, told.count("GET", "/content")) == (False, {"train_loss": {1: 0.5}}, 0)


def test_a_results_file_that_is_gone_is_said(told: Stub, provider: OpenAIProvider) -> None:
    told.tell("GET", CONTENT, error(404, "No such File object", headers=NO_RETRY))
    raw = metrics(provider)
    assert (raw.results.columns, raw.unheard) == ({}, False)
    assert raw.remarks == ("The results file file-r is not there any more.",)


@pytest.mark.parametrize("answer", [Says(502, b"<html>", NO_RETRY), Resets(), error(403, "no", headers=NO_RETRY)])
def test_a_place_that_cannot_be_read_is_a_remark_and_the_others_count(
    told: Stub, impatient: OpenAIProvider, answer: Any
) -> None:
    told.tell("GET", CONTENT, answer)
    told.tell("GET", f"{JOB}/events", Says(200, page(event(1, train_loss=0.5))))
    raw = metrics(impatient)
    assert (raw.unheard, raw.events.columns) == (True, {"train_loss": {1: 0.5}})
    assert ["results file file-r" in remark for remark in raw.remarks] == [True]


@pytest.mark.parametrize("id", ["../../models", "file r", "", "x" * 300])
def test_an_id_that_leads_elsewhere_is_never_asked_for(told: Stub, provider: OpenAIProvider, id: str) -> None:
    told.tell("GET", JOB, Says(200, job(id="j", status="succeeded", result_files=[id])))
    raw = metrics(provider)
    assert raw.results.columns == {}
    assert {one.path for one in told.seen} == {JOB, f"{JOB}/checkpoints", f"{JOB}/events"}


def test_a_service_without_checkpoints_has_none(told: Stub, provider: OpenAIProvider) -> None:
    told.tell("GET", f"{JOB}/checkpoints", error(404, "Not found", headers=NO_RETRY))
    raw = metrics(provider)
    assert (raw.checkpoints.columns, raw.remarks, raw.unheard) == ({}, (), False)


def test_where_not_even_the_job_can_be_read_nothing_is_known(stub: Stub, provider: OpenAIProvider) -> None:
    stub.tell("GET", JOB, Says(502, b"", NO_RETRY))
    with pytest.raises(Unreachable):
        provider.metrics("j")
