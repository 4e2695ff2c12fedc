"""What every store of the state has to keep, as tests to inherit."""

from __future__ import annotations

import threading
import time

import pytest

from ftplan.core.stores import Backend, Claim
from ftplan.errors import LockHeld, StateConflict, StateError


def claim_of(id: str) -> Claim:
    """A claim as a run makes it, under this id."""
    return Claim(id, "apply", f"somebody-{id}", "host", 1, "2026-11-22T12:00:00+00:00", "1", {"ci": "https://ci/1"})


class BackendContract:
    """What the engine relies on in every `Backend`. Override `backend` and `second`."""

    @pytest.fixture
    def backend(self) -> Backend:
        """An empty store."""
        raise NotImplementedError("override the fixture `backend`")

    @pytest.fixture
    def second(self) -> Backend:
        """Another handle on the same store, as another process has one."""
        raise NotImplementedError("override the fixture `second`")

    def test_an_empty_store_is_none_and_not_an_empty_state(self, backend: Backend) -> None:
        assert backend.load() is None

    def test_what_is_saved_is_loaded_byte_for_byte(self, backend: Backend, second: Backend) -> None:
        data = bytes(range(256)) * 4096
        tag = backend.save(data, None)
        for handle in (backend, second):
            blob = handle.load()
            assert blob is not None
            assert (blob.data, blob.tag) == (data, tag)

    def test_each_save_replaces_the_one_before(self, backend: Backend) -> None:
        tag: str | None = None
        for data in (b"one", b"two", b"three"):
            tag = backend.save(data, tag)
        blob = backend.load()
        assert blob is not None
        assert blob.data == b"three"

    def test_a_stale_tag_is_a_conflict_and_nothing_is_overwritten(self, backend: Backend, second: Backend) -> None:
        first = backend.save(b"one", None)
        second.save(b"two", first)
        with pytest.raises(StateConflict):
            backend.save(b"mine", first)
        blob = backend.load()
        assert blob is not None
        assert blob.data == b"two"

    def test_of_two_that_create_the_state_one_wins(self, backend: Backend, second: Backend) -> None:
        backend.save(b"one", None)
        with pytest.raises(StateConflict):
            second.save(b"two", None)
        blob = second.load()
        assert blob is not None
        assert blob.data == b"one"

    def test_a_tag_of_nothing_is_a_conflict(self, backend: Backend) -> None:
        with pytest.raises(StateConflict):
            backend.save(b"one", "never-given")
        assert backend.load() is None

    def test_a_lock_excludes_and_names_its_holder(self, backend: Backend, second: Backend) -> None:
        assert second.holder() is None
        backend.lock(claim_of("a"), 0)
        assert second.holder() == claim_of("a")
        with pytest.raises(LockHeld) as caught:
            second.lock(claim_of("b"), 0)
        told = f"{caught.value.problems[0].detail} {caught.value.problems[0].command}"
        assert "somebody-a" in told
        assert "force-unlock a" in told
        for known in ("host", "pid 1", "apply", "https://ci/1"):
            assert known in told
        assert second.holder() == claim_of("a")

    def test_a_lock_that_is_given_back_is_free(self, backend: Backend, second: Backend) -> None:
        backend.lock(claim_of("a"), 0)
        backend.unlock("a")
        assert second.holder() is None
        second.lock(claim_of("b"), 0)

    def test_a_free_lock_is_taken_over_from_nobody(self, backend: Backend, second: Backend) -> None:
        assert backend.lock(claim_of("a"), 0) is None
        backend.unlock("a")
        assert second.lock(claim_of("b"), 0) is None

    def test_a_holder_that_may_be_alive_is_never_taken_over(self, backend: Backend, second: Backend) -> None:
        """Its host is none that a test runs on, so nobody here can know."""
        backend.lock(claim_of("a"), 0)
        for _ in range(2):
            with pytest.raises(LockHeld):
                second.lock(claim_of("b"), 0)
        assert backend.holder() == claim_of("a")

    def test_giving_back_is_silent_and_never_takes_somebody_elses(self, backend: Backend, second: Backend) -> None:
        backend.unlock("a")
        backend.lock(claim_of("a"), 0)
        second.unlock("b")
        assert backend.holder() == claim_of("a")
        backend.unlock("a")
        backend.unlock("a")
        second.lock(claim_of("b"), 0)
        backend.unlock("a")
        assert backend.holder() == claim_of("b")

    def test_a_lock_is_broken_by_its_exact_id_alone(self, backend: Backend, second: Backend) -> None:
        with pytest.raises(StateError):
            second.break_lock("a")
        backend.lock(claim_of("abc"), 0)
        for other in ("ab", "", "abcd", "ABC"):
            with pytest.raises(StateError):
                second.break_lock(other)
        assert second.holder() == claim_of("abc")
        second.break_lock("abc")
        assert second.holder() is None

    def test_a_lock_is_waited_for_no_longer_than_asked(self, backend: Backend, second: Backend) -> None:
        backend.lock(claim_of("a"), 0)
        begun = time.monotonic()
        with pytest.raises(LockHeld):
            second.lock(claim_of("b"), 0.3)
        assert 0.3 <= time.monotonic() - begun < 10

    def test_who_waits_gets_the_lock_when_it_is_free(self, backend: Backend, second: Backend) -> None:
        backend.lock(claim_of("a"), 0)
        waiting = threading.Thread(target=second.lock, args=(claim_of("b"), 30.0))
        waiting.start()
        backend.unlock("a")
        waiting.join(30)
        assert backend.holder() == claim_of("b")

    def test_a_broken_lock_does_not_let_its_old_holder_write_over_the_new_one(
        self, backend: Backend, second: Backend
    ) -> None:
        backend.lock(claim_of("a"), 0)
        tag = backend.save(b"one", None)
        second.break_lock("a")
        second.lock(claim_of("b"), 0)
        second.save(b"two", tag)
        with pytest.raises(StateConflict):
            backend.save(b"late", tag)

    def test_who_had_the_lock_and_lost_it_writes_nothing_more(self, backend: Backend, second: Backend) -> None:
        backend.lock(claim_of("a"), 0)
        tag = backend.save(b"one", None)
        second.break_lock("a")
        with pytest.raises(StateConflict):
            backend.save(b"late", tag)
        second.lock(claim_of("b"), 0)
        second.save(b"two", tag)

    def test_the_place_is_named(self, backend: Backend) -> None:
        assert backend.where()
