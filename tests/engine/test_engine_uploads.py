"""A file is sent once, waited for, and never trained on before it is ready."""

from __future__ import annotations

from dataclasses import replace

from world import World, model

from ftplan.core.events import FileStored
from ftplan.core.facts import Phase
from ftplan.core.notices import StepStarted, UploadProgress, Waiting
from ftplan.engine.uploading import PROCESSING_SECONDS


def test_a_file_found_at_the_service_is_not_sent_again() -> None:
    world = World([model("bot")])
    world.apply()
    world.backend.blobs.clear()
    world.declare(model("bot", epochs=7))
    assert world.plan().summary()["adopt"] == 1
    world.apply()
    assert world.service.calls["put_file"] == 1
    assert [event.verb for event in world.heard(StepStarted) if event.address.kind == "dataset"][-1] == "Adopting"


def test_a_file_is_sent_again_when_it_is_gone() -> None:
    world = World([model("bot")])
    world.apply()
    world.service.files.clear()
    assert world.plan().changes_nothing
    world.declare(model("bot", epochs=7))
    world.apply()
    assert world.service.calls["put_file"] == 2


def test_a_file_in_processing_is_waited_for() -> None:
    world = World([model("bot")])
    world.service.file_processing = [None, None, None, True]
    world.apply()
    assert world.service.calls["get_file"] == 4
    assert world.log.index("start_job") > world.log.index("told FileStored")


def test_a_file_is_remembered_only_when_it_is_ready() -> None:
    world = World([model("bot")])
    world.service.file_processing = [None, True]
    world.apply()
    assert len(world.heard(FileStored)) == 1
    assert world.log.index("told FileStored") > world.log.index("get_file")


def test_a_file_in_error_fails_and_nothing_is_started_on_it() -> None:
    world = World([model("a"), model("b", dataset="others")])
    world.service.file_processing = [None, None, False, True, True, True]
    outcome = world.apply()
    ((step, error),) = outcome.failed
    assert step.address.kind == "dataset"
    assert "bad row" in error.problems[0].detail
    assert len(outcome.skipped) == 1
    assert len(world.service.jobs) == 1
    assert not world.state.intents


def test_a_file_that_is_never_ready_is_given_up() -> None:
    world = World([model("bot")])
    world.service.file_processing = [None] * 5000
    ((_, error),) = world.apply().failed
    assert "still being processed" in error.problems[0].detail
    assert PROCESSING_SECONDS <= world.clock.monotonic() < PROCESSING_SECONDS + 60
    assert not world.service.jobs


def test_silence_while_a_file_is_processed_is_waited_out() -> None:
    world = World([model("bot")])
    world.service.file_processing = [None, True]
    world.service.fail("get_file", "unreachable", hits=(1, 2))
    assert not world.apply().failed


def test_a_file_whose_answer_was_lost_is_found_and_not_sent_again() -> None:
    world = World([model("bot")])
    world.service.fail("put_file", "lost")
    world.apply()
    assert len(world.service.files) == 1
    assert world.model_id("bot") == "ft:job-1"


def test_a_file_that_did_not_arrive_is_sent_again() -> None:
    world = World([model("bot")])
    world.service.fail("put_file", "dropped", hits=(1, 2))
    world.apply()
    assert len(world.service.files) == 1
    assert world.model_id("bot") == "ft:job-1"


def test_a_file_that_never_arrives_is_given_up_after_three_tries() -> None:
    world = World([model("bot")])
    world.service.fail("put_file", "dropped", hits=range(1, 99))
    outcome = world.apply()
    assert len(outcome.failed) == 1
    assert world.service.calls["put_file"] == 3
    assert not world.service.jobs


def test_a_service_busy_with_files_is_asked_again_when_it_says() -> None:
    world = World([model("bot")])
    world.service.fail("put_file", "busy", seconds=42)
    world.apply()
    assert [event.seconds for event in world.heard(Waiting)] == [42]
    assert world.model_id("bot") == "ft:job-1"


def test_a_refused_file_fails_at_once() -> None:
    world = World([model("bot")])
    world.service.fail("put_file", "rejected")
    assert len(world.apply().failed) == 1
    assert world.service.calls["put_file"] == 1


def test_a_service_that_cannot_be_searched_for_files_is_not() -> None:
    world = World([model("bot")])
    world.service.can = replace(world.service.can, searches_files=False)
    world.apply()
    assert world.service.calls["find_file"] == 0
    assert world.state.models["bot"].job.phase is Phase.SUCCEEDED


def test_the_bytes_sent_are_told() -> None:
    world = World([model("bot")])
    world.apply()
    (told,) = world.heard(UploadProgress)
    assert told.sent == told.total > 0
