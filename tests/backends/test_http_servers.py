"""Servers of Terraform's protocol as they are: GitLab's own words, refusals without any, broken answers, and others who
are faster."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from state_server import KEYS, PATH, USER, WORD, StateServer, listening, serving

from ftplan.backends.http import HttpBackend
from ftplan.backends.http_place import http_place
from ftplan.backends.presence import presence
from ftplan.core.stores import Claim
from ftplan.errors import LockHeld, StateConflict, StateError
from ftplan.testing import claim_of

ENVIRON = {"FTPLAN_HTTP_USERNAME": USER, "FTPLAN_HTTP_PASSWORD": WORD}


def backend_of(server: StateServer, folder: Path, seconds: float = 5) -> HttpBackend:
    return HttpBackend(http_place({"address": server.address}, ENVIRON), folder / "ftplan.state.json", seconds=seconds)


def state(serial: int, **more: Any) -> bytes:
    return json.dumps({"version": 1, "serial": serial, **more}).encode()


@pytest.fixture
def gitlab() -> Iterator[StateServer]:
    with serving(gitlab=True) as server:
        yield server


@pytest.fixture
def backend(gitlab: StateServer, tmp_path: Path) -> HttpBackend:
    return backend_of(gitlab, tmp_path)


# GitLab.


def test_a_run_at_gitlab_to_the_byte(backend: HttpBackend, gitlab: StateServer) -> None:
    backend.lock(claim_of("a"), 0)
    asked = json.loads(gitlab.bodies[-1])
    assert gitlab.asked == [("POST", f"{PATH}/lock")]
    assert set(asked) == set(KEYS)
    assert gitlab.headers[-1]["content-type"] == "application/json"
    tag = backend.save(state(1), None)
    assert gitlab.asked[-2:] == [("GET", PATH), ("POST", f"{PATH}?ID=a")]
    assert gitlab.bodies[-1] == state(1)
    backend.save(state(2), tag)
    backend.unlock("a")
    assert gitlab.asked[-1] == ("DELETE", f"{PATH}/lock")
    assert json.loads(gitlab.bodies[-1])["ID"] == "a"
    assert (gitlab.lock, gitlab.data) == (None, state(2))


def test_what_gitlab_repeats_of_our_own_words_is_not_told_of_the_holder(
    backend: HttpBackend, gitlab: StateServer, tmp_path: Path
) -> None:
    backend.lock(claim_of("a"), 0)
    # Of a process that is gone on this very host: it is the asker's, so that nobody is taken for dead by it.
    mine = Claim("b", "destroy", "me", "myhost", 2**22 + 1, "2026-11-22T13:00:00+00:00", "1", presence())
    with pytest.raises(LockHeld) as caught:
        backend_of(gitlab, tmp_path).lock(mine, 0)
    told = caught.value.problems[0].detail
    assert "Held by somebody-a since 2026-11-22T12:00:00+00:00" in told
    assert "lock id a" in told
    for own in ("myhost", "destroy", "pid", "unknown"):
        assert own not in told
    assert backend.save(state(1), None)


@pytest.mark.parametrize("how", [{"gitlab": True}, {"etags": True, "strict": False}], ids=["serials", "ETags"])
def test_who_writes_between_our_look_and_our_write_is_found_out(tmp_path: Path, how: dict[str, bool]) -> None:
    with serving(**how) as server:
        ours, theirs = backend_of(server, tmp_path), state(2, who="they")
        tag = ours.save(state(1), None)

        def they_write() -> None:
            server.data = theirs
            server.serials.add(2)

        server.meanwhile = {"POST": [they_write]}
        with pytest.raises(StateConflict):
            ours.save(state(2, who="we"), tag)
        assert server.data == theirs


def test_a_lock_that_is_broken_between_our_look_and_our_write_stops_us(
    backend: HttpBackend, gitlab: StateServer
) -> None:
    backend.lock(claim_of("a"), 0)
    tag = backend.save(state(1), None)
    gitlab.meanwhile = {"GET": [lambda: setattr(gitlab, "lock", None)]}
    with pytest.raises(StateConflict) as caught:
        backend.save(state(2), tag)
    assert caught.value.problems[0].summary == "The lock was taken away"
    assert gitlab.data == state(1)


def test_a_write_that_was_sent_twice_on_the_way_is_ours(backend: HttpBackend, gitlab: StateServer) -> None:
    """What a proxy sends again is refused for its serial, though the first has arrived."""
    tag = backend.save(state(1), None)

    def the_first_arrives() -> None:
        gitlab.data = state(2)
        gitlab.serials.add(2)

    gitlab.meanwhile = {"POST": [the_first_arrives]}
    assert backend.save(state(2), tag) != tag


def test_who_takes_no_lock_writes_nothing_under_anothers(
    backend: HttpBackend, gitlab: StateServer, tmp_path: Path
) -> None:
    backend_of(gitlab, tmp_path).lock(claim_of("a"), 0)
    with pytest.raises(StateConflict) as caught:
        backend.save(state(1), None)
    assert "Somebody holds the lock" in caught.value.problems[0].detail
    assert gitlab.data is None


# Others.


def test_a_server_that_names_no_holder_is_worked_with(tmp_path: Path) -> None:
    with serving(mute=True) as server:
        ours, theirs = backend_of(server, tmp_path), backend_of(server, tmp_path)
        ours.lock(claim_of("a"), 0)
        with pytest.raises(LockHeld) as caught:
            theirs.lock(claim_of("b"), 0)
        assert "Held by somebody; lock id unknown." in caught.value.problems[0].detail
        ours.save(state(2), ours.save(state(1), None))
        ours.unlock("a")
        assert server.lock is None
        theirs.lock(claim_of("b"), 0)


def test_the_id_of_a_lock_is_nothing_that_a_shell_carries_out(backend: HttpBackend, gitlab: StateServer) -> None:
    gitlab.lock = {**dict.fromkeys(KEYS, ""), "ID": "x; rm -rf ~"}
    with pytest.raises(LockHeld) as caught:
        backend.lock(claim_of("b"), 0)
    assert caught.value.problems[0].command == "ftplan force-unlock 'x; rm -rf ~'"
    backend.break_lock("x; rm -rf ~")
    assert gitlab.lock is None


def test_of_many_that_want_the_lock_at_once_one_gets_it(gitlab: StateServer, tmp_path: Path) -> None:
    taken = []

    def want(name: str) -> None:
        try:
            backend_of(gitlab, tmp_path).lock(claim_of(name), 0)
            taken.append(name)
        except LockHeld:
            pass

    at_once(lambda n: want(f"run-{n}"), 8)
    assert gitlab.lock is not None
    assert taken == [gitlab.lock["ID"]]


@pytest.mark.parametrize("how", [{"gitlab": True}, {"etags": True}], ids=["serials", "ETags"])
def test_no_write_is_lost_among_many_that_take_no_lock(tmp_path: Path, how: dict[str, bool]) -> None:
    with serving(**how) as server:
        server.data, server.serials = state(0), {0}

        def count_up(_: int) -> None:
            backend, done = backend_of(server, tmp_path), 0
            while done < 5:
                blob = backend.load()
                assert blob is not None
                try:
                    backend.save(state(json.loads(blob.data)["serial"] + 1, by=threading.get_ident()), blob.tag)
                    done += 1
                except StateConflict:
                    continue

        at_once(count_up, 4)
        assert json.loads(server.data)["serial"] == 20


def at_once(what: Callable[[int], None], times: int) -> None:
    start = threading.Barrier(times)

    def begin(number: int) -> None:
        start.wait(10)
        what(number)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


# Answers that are none.


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("long", "over 67,108,864 bytes"),
        ("half", "cut off"),
        ("cut", "ended the connection"),
        ("slow", "takes too long"),
        ("babble", "does not speak HTTP"),
        ("damaged", "damaged on the way"),
        (302, "leads elsewhere"),
        (503, "answered 503"),
    ],
)
def test_half_a_state_is_never_taken_for_one(gitlab: StateServer, tmp_path: Path, fault: object, told: str) -> None:
    gitlab.data = state(1)
    gitlab.faults = {"GET": [fault, fault]}
    backend = backend_of(gitlab, tmp_path, seconds=0.2 if fault == "slow" else 5)
    with pytest.raises(StateError) as caught:
        backend.load()
    assert told in caught.value.problems[0].detail
    assert WORD not in str(caught.value.problems)
    gitlab.faults = {}
    blob = backend_of(gitlab, tmp_path).load()
    assert blob is not None
    assert blob.data == state(1)


def test_a_gateway_that_got_no_answer_is_asked_again_for_what_is_read(
    backend: HttpBackend, gitlab: StateServer
) -> None:
    gitlab.data = state(1)
    gitlab.faults = {"GET": [502]}
    assert backend.load() is not None


def test_a_refusal_that_breaks_off_names_the_holder_as_far_as_it_goes(
    backend: HttpBackend, gitlab: StateServer, tmp_path: Path
) -> None:
    backend_of(gitlab, tmp_path).lock(claim_of("a"), 0)
    gitlab.faults = {"POST": ["half"]}
    with pytest.raises(LockHeld) as caught:
        backend.lock(claim_of("b"), 0)
    assert "lock id a" in caught.value.problems[0].detail


def test_what_is_redirected_is_asked_of_nobody_else(gitlab: StateServer, tmp_path: Path) -> None:
    with listening() as (port, heard):
        gitlab.elsewhere = f"http://127.0.0.1:{port}/"
        for status in (301, 302, 303, 307, 308):
            gitlab.faults = {"GET": [status], "POST": [status]}
            with pytest.raises(StateError):
                backend_of(gitlab, tmp_path).load()
            with pytest.raises(StateError):
                backend_of(gitlab, tmp_path).lock(claim_of("a"), 0)
    assert heard == []


# The way there.


def test_only_what_is_encrypted_goes_by_a_proxy(
    gitlab: StateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as (port, heard):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert backend_of(gitlab, tmp_path).load() is None
        assert heard == []
        place = http_place({}, {**ENVIRON, "FTPLAN_HTTP_ADDRESS": "https://state.example/s"})
        with pytest.raises(StateError):
            HttpBackend(place, tmp_path / "s.json", seconds=5).load()
    assert heard[0].startswith(b"CONNECT state.example:443 ")
    assert not any(b"authorization" in one.lower() for one in heard)


def test_a_netrc_is_not_looked_into(gitlab: StateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {WORD}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with pytest.raises(StateError) as caught:
        HttpBackend(http_place({"address": gitlab.address}, {}), tmp_path / "s.json").load()
    assert "FTPLAN_HTTP_USERNAME" in caught.value.problems[0].detail
    assert "authorization" not in gitlab.headers[-1]


def test_a_certificate_is_checked_and_may_be_made_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(secret_in=tmp_path) as server:
        server.data = state(1)
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")  # what is on this machine needs none
        with pytest.raises(StateError) as caught:
            backend_of(server, tmp_path).load()
        assert "CERTIFICATE_VERIFY_FAILED" in caught.value.problems[0].detail
        assert server.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        assert backend_of(server, tmp_path).load() is not None
