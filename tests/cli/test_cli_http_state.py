"""A project whose state is kept over HTTP, as GitLab keeps it: trained once, locked for all, and never redirected."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from workbench import Workbench

from ftplan.sandbox import start

sys.path.append(str(Path(__file__).parents[1] / "backends"))
from state_server import PATH, USER, WORD, StateServer, serving


@pytest.fixture
def server(bench: Workbench) -> Iterator[StateServer]:
    bench.environ(FTPLAN_HTTP_USERNAME=USER, FTPLAN_HTTP_PASSWORD=WORD)
    with serving() as state:
        bench.bot(state={"backend": "http", "address": state.address})
        yield state


def test_what_was_trained_is_remembered_there_and_here_is_no_state(bench: Workbench, server: StateServer) -> None:
    bench.apply()
    assert bench.plan("-detailed-exitcode").code == 0
    assert bench.bought() == (1, 1)
    assert server.lock is None
    assert b'"serial"' in (server.data or b"")
    assert not list(bench.folder.glob("ftplan.state*"))
    assert "model.bot" in bench.run("state", "list").out


def test_who_comes_second_is_told_whose_the_lock_is_and_may_take_it_away(bench: Workbench, server: StateServer) -> None:
    server.lock = {"ID": "j-1", "Operation": "apply", "Who": "jane", "Info": "", "Created": "2026-11-01T00:00:00Z"}
    done = bench.run("apply", "-auto-approve")
    assert (done.code, "Held by jane" in done.said, "ftplan force-unlock j-1" in done.said) == (1, True, True)
    assert bench.run("force-unlock", "-force", "j-1").code == 0
    bench.apply()
    assert bench.bought() == (1, 1)


def test_a_damaged_state_is_copied_here_and_rebuilt_there(bench: Workbench, server: StateServer) -> None:
    bench.apply()
    server.data = b"{"
    assert bench.run("plan").code == 1
    assert bench.run("state", "repair", "-auto-approve").code == 0
    (copy,) = bench.folder.glob("ftplan.state.json.damaged-*")
    assert copy.read_bytes() == b"{"
    assert bench.plan("-detailed-exitcode").code == 0
    assert bench.bought() == (1, 1)


def test_a_run_whose_lock_is_taken_away_writes_nothing_more(bench: Workbench, server: StateServer) -> None:
    bench.apply()
    before = server.data
    bench.bot(epochs=2, state={"backend": "http", "address": server.address})
    # The lock is broken between its being taken and the first write.
    server.faults = {"POST": [200, 409]}
    done = bench.run("apply", "-auto-approve")
    assert done.code == 1
    assert server.data == before
    assert bench.bought() == (1, 1)


def test_a_lock_that_cannot_be_given_back_is_a_warning(bench: Workbench, server: StateServer) -> None:
    server.faults = {"DELETE": [500]}
    done = bench.apply()
    assert server.lock is not None
    assert "Warning: State cannot be unlocked" in done.err
    assert f"ftplan force-unlock {server.lock['ID']}" in done.said


def test_a_server_that_goes_away_leaves_a_copy_here_and_the_first_word_to_it(
    bench: Workbench, server: StateServer
) -> None:
    # The lock is taken, looked at, and then nobody answers a write any more.
    server.faults = {"POST": [None, None, *["cut"] * 9]}
    done = bench.run("apply", "-auto-approve")
    assert done.code == 1
    (copy,) = bench.folder.glob("ftplan.state.json.emergency-*")
    assert done.said.index("Warning: State cannot be locked") < done.said.index("Error: State not saved")
    assert copy.name in done.said
    server.faults = {}
    assert server.lock is not None
    assert bench.run("force-unlock", "-force", server.lock["ID"]).code == 0
    bench.apply()
    assert bench.bought()[1] == 1


def test_offline_nobody_is_asked(bench: Workbench, server: StateServer) -> None:
    said = bench.plan("-offline")
    assert "Plan: 2 to add" in said.out
    assert "The state was not looked at" in said.said
    assert server.asked == []


def test_the_yaml_alone_cannot_send_the_password_elsewhere(bench: Workbench, server: StateServer) -> None:
    """The other server is on loopback too, as a test must be, but is called by a name that is not."""
    theirs = f"https://theirs.example{PATH}"
    bench.bot(state={"backend": "http", "address": theirs})
    done = bench.run("plan")
    assert (done.code, "Host not allowed" in done.said) == (1, True)
    assert WORD not in done.said
    bench.environ(FTPLAN_HTTP_ADDRESS=server.address)
    assert bench.plan().code == 0
    assert {path for _, path in server.asked} == {PATH}


def test_what_needs_no_state_needs_no_address_of_one(bench: Workbench) -> None:
    bench.bot(state={"backend": "http"})
    assert bench.run("validate").code == 0
    done = bench.run("plan")
    assert (done.code, "No address" in done.said, "ftplan.yaml:" in done.said) == (1, True, True)
    assert "FTPLAN_HTTP_ADDRESS" in done.said


def test_no_password_is_in_any_output_or_file(bench: Workbench, server: StateServer) -> None:
    server.faults = {"GET": [403]}
    said = [bench.run("plan", "-out=p").said, bench.run("plan", "-json", "-out=p").said, bench.apply().said]
    assert not any(WORD in text for text in said)
    assert not any(WORD.encode() in path.read_bytes() for path in bench.folder.rglob("*") if path.is_file())
    assert WORD.encode() not in (server.data or b"")


def test_what_was_measured_is_kept_in_the_state_once(bench: Workbench, server: StateServer) -> None:
    bench.apply()
    before = json.loads(bench.run("metrics", "model.bot", "-json").out)[0]
    stored = server.data
    bench.apply()
    assert server.data == stored, "there is nothing to keep a second time"
    assert [one["job_id"] for one in json.loads(stored or b"")["figures"]] == [before["job_id"]]
    with start(bench.folder.parent / "other.sqlite3", speed=0) as other:
        path = bench.folder / "ftplan.yaml"
        path.write_text(path.read_text().replace(bench.sandbox.url, other.url))
        done = bench.run("metrics", "model.bot", "-json")
    assert done.code == 0, done.said
    found = json.loads(done.out)[0]
    assert (found["kept"], found["steps"], found["columns"]) == (True, before["steps"], before["columns"])


def test_who_watches_keeps_what_was_measured_too(bench: Workbench, server: StateServer) -> None:
    bench.pace = 1.0
    bench.apply("-no-wait")
    assert bench.run("watch").code == 0
    assert len(json.loads(server.data or b"")["figures"]) == 1
    assert server.lock is None
