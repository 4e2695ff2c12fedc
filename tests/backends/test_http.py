"""The state over HTTP: the contract, lost answers, other people's locks, and a password that goes nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from state_server import USER, WORD, StateServer, serving

from ftplan.backends.http import HttpBackend
from ftplan.backends.http_place import http_place
from ftplan.core.stores import Backend, Claim
from ftplan.errors import ConfigError, LockHeld, StateConflict, StateError
from ftplan.testing import BackendContract

ENVIRON = {"FTPLAN_HTTP_USERNAME": USER, "FTPLAN_HTTP_PASSWORD": WORD}


def claim_of(id: str) -> Claim:
    return Claim(id, "apply", f"somebody-{id}", "host", 1, "2026-11-22T12:00:00+00:00", "1", {"ci": "https://ci/1"})


def backend_of(server: StateServer, folder: Path, **environ: str) -> HttpBackend:
    place = http_place({"address": server.address}, {**ENVIRON, **environ})
    return HttpBackend(place, folder / "ftplan.state.json", seconds=5)


SERVERS: dict[str, dict[str, bool]] = {
    "a server that minds ids": {},
    "one that minds nothing": {"strict": False},
    "one that compares ETags and gives its lock again": {"etags": True, "reentrant": True},
}


@pytest.fixture(params=SERVERS.values(), ids=list(SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[StateServer]:
    with serving(**request.param) as state:
        yield state


@pytest.fixture
def backend(server: StateServer, tmp_path: Path) -> HttpBackend:
    return backend_of(server, tmp_path)


class TestHttpBackend(BackendContract):
    @pytest.fixture
    def backend(self, server: StateServer, tmp_path: Path) -> Backend:
        return backend_of(server, tmp_path)

    @pytest.fixture
    def second(self, server: StateServer, tmp_path: Path) -> Backend:
        return backend_of(server, tmp_path)


def test_a_lock_is_told_in_the_protocols_words(backend: HttpBackend, server: StateServer) -> None:
    backend.lock(claim_of("a"), 0)
    assert server.lock is not None
    assert {name: server.lock[name] for name in ("ID", "Operation", "Who", "Version", "Created")} == {
        "ID": "a",
        "Operation": "apply",
        "Who": "somebody-a",
        "Version": "1",
        "Created": "2026-11-22T12:00:00+00:00",
    }
    backend.save(b"{}", None)
    assert server.asked[-1] == ("POST", f"{server.address.split('/', 3)[3].join(['/', ''])}?ID=a")


def test_the_lock_of_another_program_is_respected_and_told(backend: HttpBackend, server: StateServer) -> None:
    server.lock = {"ID": "t-1", "Operation": "OperationTypeApply", "Who": "jane@laptop", "Info": "", "Created": "x"}
    with pytest.raises(LockHeld) as caught:
        backend.lock(claim_of("b"), 0)
    assert "jane@laptop" in caught.value.problems[0].detail
    backend.break_lock("t-1")
    assert backend.holder() is None


def test_a_lock_whose_answer_was_lost_is_ours(backend: HttpBackend, server: StateServer) -> None:
    server.faults = {"POST": ["lost"]}
    assert backend.lock(claim_of("a"), 0) is None
    assert backend.save(b"{}", None)


def test_a_lock_that_may_be_ours_is_told_with_the_way_out(backend: HttpBackend, server: StateServer) -> None:
    server.faults = {"POST": ["lost", "lost"]}
    with pytest.raises(StateError) as caught:
        backend.lock(claim_of("a"), 0)
    assert caught.value.problems[0].command == "ftplan force-unlock a"
    assert server.lock is not None
    backend.break_lock("a")
    assert server.lock is None


def test_a_lock_that_cannot_be_given_back_is_told_with_the_way_out(backend: HttpBackend, server: StateServer) -> None:
    backend.lock(claim_of("a"), 0)
    server.faults = {"DELETE": [500]}
    with pytest.raises(StateError) as caught:
        backend.unlock("a")
    assert caught.value.problems[0].command == "ftplan force-unlock a"
    backend.break_lock("a")
    assert server.lock is None


def test_a_write_whose_answer_was_lost_is_looked_for_and_not_repeated(
    backend: HttpBackend, server: StateServer
) -> None:
    tag = backend.save(b"one", None)
    server.faults = {"POST": ["lost"]}
    assert backend.save(b"two", tag) != tag
    assert server.data == b"two"
    assert [method for method, _ in server.asked].count("POST") == 2


@pytest.mark.parametrize("fault", ["cut", 500, 502, 302])
def test_a_write_that_did_not_arrive_is_an_error_and_says_so(
    backend: HttpBackend, server: StateServer, fault: object
) -> None:
    tag = backend.save(b"one", None)
    server.faults = {"POST": [fault]}
    with pytest.raises(StateError) as caught:
        backend.save(b"two", tag)
    assert not isinstance(caught.value, StateConflict)
    assert "sk-not-to-be-shown" not in str(caught.value.problems)
    assert server.data == b"one"
    assert backend.save(b"two", tag)


def test_reading_is_asked_twice_and_then_an_error_never_an_empty_state(
    backend: HttpBackend, server: StateServer
) -> None:
    backend.save(b"one", None)
    server.faults = {"GET": ["cut"]}
    assert backend.load() is not None
    for faults in (["cut", "cut"], ["half", "half"], [500], [302], [403]):
        server.faults = {"GET": list(faults)}
        with pytest.raises(StateError):
            backend.load()


def test_without_credentials_the_way_out_is_named(server: StateServer, tmp_path: Path) -> None:
    stranger = HttpBackend(http_place({"address": server.address}, {}), tmp_path / "s.json")
    with pytest.raises(StateError) as caught:
        stranger.load()
    assert "FTPLAN_HTTP_USERNAME" in caught.value.problems[0].detail


def test_a_server_without_locks_is_told_as_that(tmp_path: Path) -> None:
    with serving(locks=False) as server, pytest.raises(StateError) as caught:
        backend_of(server, tmp_path).lock(claim_of("a"), 0)
    assert "-lock=false" in caught.value.problems[0].advice


def test_a_state_that_cannot_be_used_is_copied_and_may_be_replaced(backend: HttpBackend, tmp_path: Path) -> None:
    backend.save(b"damaged", None)
    name, tag = backend.keep_aside()
    assert (tmp_path / name).read_bytes() == b"damaged"
    assert backend.save(b"{}", tag)


GITLAB = "https://gitlab.example/api/v4/projects/7/terraform/state/s"


def test_gitlab_is_known_by_its_address_and_others_lock_as_terraform_does() -> None:
    gitlab = http_place({"address": GITLAB}, {})
    assert (gitlab.lock_address, gitlab.lock_method, gitlab.unlock_method) == (f"{GITLAB}/lock", "POST", "DELETE")
    other = http_place({"address": "https://x.example/s"}, {})
    assert (other.lock_address, other.lock_method, other.unlock_method) == ("https://x.example/s", "LOCK", "UNLOCK")
    below = http_place({"address": GITLAB.replace("/api", "/code/api")}, {})
    assert below.lock_method == "POST"
    set_up = http_place({"address": GITLAB, "lock_address": "https://x.example/l", "lock_method": "put"}, {})
    assert (set_up.lock_address, set_up.unlock_address, set_up.lock_method) == (
        "https://x.example/l",
        "https://x.example/l",
        "PUT",
    )


def test_where_the_environment_names_the_address_nothing_else_that_the_yaml_says_counts() -> None:
    """A password, the address of a whole project and the method DELETE would be a deed of its own."""
    theirs = {
        "address": "https://theirs.example/s",
        "lock_address": GITLAB.partition("/terraform")[0],
        "unlock_address": "https://theirs.example/s",
        "lock_method": "DELETE",
        "unlock_method": "PUT",
    }
    found = http_place(theirs, {**ENVIRON, "FTPLAN_HTTP_ADDRESS": GITLAB})
    assert found == http_place({}, {**ENVIRON, "FTPLAN_HTTP_ADDRESS": GITLAB})
    assert found.address == GITLAB
    assert WORD not in repr(found)


REFUSED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "Host not allowed": ({"address": "https://theirs.example/s"}, ENVIRON),
    "Unencrypted address": ({"address": "http://theirs.example/s"}, {}),
    "No address": ({}, {}),
    "Unknown key": ({"address": "https://x.example/s", "password": "x"}, {}),
    "Bad method": ({"address": "https://x.example/s", "lock_method": "GET / HTTP/1.1\r\nX: y"}, {}),
    "Unusable user name": ({"address": "https://x.example/s"}, {"FTPLAN_HTTP_USERNAME": "a:b"}),
}
NO_ADDRESSES = (
    "https://user:word@x.example/s",
    "https://x.example/s#here",
    "https://x.example/a b",
    "https://x.example\\@y.example/s",
    "https://x.example/s\r\nX: y",
    "https://xä.example/s",
    "https://[x/s",
    "https://x.example:port/s",
    "file:///etc/passwd",
    "x.example/s",
)


@pytest.mark.parametrize("summary", REFUSED)
def test_an_address_is_refused_before_anything_is_asked(summary: str, tmp_path: Path) -> None:
    settings, environ = REFUSED[summary]
    place = http_place(settings, environ)
    assert summary in [problem.summary for problem in place.refusal]
    assert WORD not in str(place.refusal)
    backend = HttpBackend(place, tmp_path / "ftplan.state.json")
    assert backend.where()
    asking: tuple[Callable[[], object], ...] = (
        backend.load,
        backend.holder,
        lambda: backend.save(b"{}", None),
        lambda: backend.lock(claim_of("a"), 5),
    )
    for ask in asking:
        with pytest.raises(ConfigError) as caught:
            ask()
        assert tuple(caught.value.problems) == place.refusal
    backend.unlock("a")


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    assert [problem.summary for problem in http_place({"address": address}, ENVIRON).refusal] == ["Bad address"]


def test_a_lock_address_of_the_yaml_gets_no_password_either() -> None:
    settings = {"address": GITLAB, "lock_address": "https://theirs.example/lock"}
    environ = {**ENVIRON, "FTPLAN_ALLOWED_HOSTS": "gitlab.example"}
    assert ["theirs.example" in problem.detail for problem in http_place(settings, environ).refusal] == [True]
    assert http_place(settings, {}).refusal == ()
    environ["FTPLAN_ALLOWED_HOSTS"] = "gitlab.example,theirs.example"
    assert http_place(settings, environ).refusal == ()
