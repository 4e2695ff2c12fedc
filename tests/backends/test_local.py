"""The state on a local disk: the contract of every backend, and what files, folders and processes add to it."""

from __future__ import annotations

import os
import random
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftplan.backends.local import LocalBackend
from ftplan.errors import StateConflict, StateError
from ftplan.testing import BackendContract, claim_of

CONTENDERS = Path(__file__).with_name("contenders.py")
KILLS = 12


def contender(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CONTENDERS), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ftplan.state.json"


@pytest.fixture
def backend(path: Path) -> LocalBackend:
    return LocalBackend(path)


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


class TestLocalBackend(BackendContract):
    @pytest.fixture
    def backend(self, path: Path) -> LocalBackend:
        return LocalBackend(path)

    @pytest.fixture
    def second(self, path: Path) -> LocalBackend:
        return LocalBackend(path)


def contents(folder: Path) -> set[str]:
    return {found.name for found in folder.iterdir()}


# Files.


@pytest.mark.usefixtures("open_umask")
def test_every_file_is_for_its_owner_alone(backend: LocalBackend, path: Path) -> None:
    backend.lock(claim_of("a"), 0)
    backend.save(b"two", backend.save(b"one", None))
    backend.rescue(b"three")
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert len(modes) == 4
    assert set(modes.values()) == {0o600}


def test_the_backup_holds_the_state_before(backend: LocalBackend, path: Path) -> None:
    tag = backend.save(b"one", None)
    assert not path.with_name("ftplan.state.json.backup").exists()
    for data, before in ((b"two", b"one"), (b"three", b"two")):
        tag = backend.save(data, tag)
        assert path.with_name("ftplan.state.json.backup").read_bytes() == before


def test_a_conflict_leaves_the_backup_alone(backend: LocalBackend, path: Path) -> None:
    first = backend.save(b"one", None)
    backend.save(b"two", first)
    with pytest.raises(StateConflict):
        backend.save(b"three", first)
    assert path.with_name("ftplan.state.json.backup").read_bytes() == b"one"


def test_an_edit_by_hand_is_a_conflict(backend: LocalBackend, path: Path) -> None:
    tag = backend.save(b"one", None)
    path.write_bytes(b"two")
    with pytest.raises(StateConflict):
        backend.save(b"three", tag)
    assert path.read_bytes() == b"two"


def test_saving_leaves_nothing_behind(backend: LocalBackend, path: Path) -> None:
    backend.save(b"two", backend.save(b"one", None))
    assert contents(path.parent) == {
        "ftplan.state.json",
        "ftplan.state.json.backup",
        ".ftplan.state.json.lock",
    }


LEFTOVERS = (".ftplan.state.json.0123456789ab.tmp", ".ftplan.state.json.backup.ba9876543210.tmp")
OTHERS = (
    ".other.state.json.0123456789ab.tmp",
    ".ftplan-state-json.0123456789ab.tmp",
    ".ftplan.state.json.notes.tmp",
    ".ftplan.state.json.0123456789ab.tmp.kept",
    ".ftplan.state.json.emergency-20261122T120000-abcdef.0123456789ab.tmp",
)


def test_who_takes_the_lock_clears_away_what_killed_saves_left(backend: LocalBackend, path: Path) -> None:
    for name in (*LEFTOVERS, *OTHERS):
        path.with_name(name).write_bytes(b"half")
    folder = path.with_name(".ftplan.state.json.00000000000f.tmp")
    folder.mkdir()
    link = path.with_name(".ftplan.state.json.000000000001.tmp")
    link.symlink_to(path.with_name(OTHERS[0]))
    backend.lock(claim_of("a"), 0)
    assert contents(path.parent) == {*OTHERS, folder.name, link.name, ".ftplan.state.json.lock"}


def test_what_cannot_be_cleared_away_stays(backend: LocalBackend, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.with_name(LEFTOVERS[0]).write_bytes(b"half")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    backend.lock(claim_of("a"), 0)
    assert path.with_name(LEFTOVERS[0]).exists()


def test_a_state_that_everybody_may_write_is_refused(backend: LocalBackend, path: Path) -> None:
    tag = backend.save(b"one", None)
    path.chmod(0o664)
    assert backend.load() is not None
    path.chmod(0o666)
    for use in (backend.load, lambda: backend.save(b"two", tag)):
        with pytest.raises(StateError) as caught:
            use()
        assert "Every user may write to ftplan.state.json" in caught.value.problems[0].detail
        assert caught.value.problems[0].command == f"chmod o-w {path}"
    path.chmod(0o644)
    backend.save(b"two", tag)


def test_a_disk_that_keeps_no_modes_holds_a_state_all_the_same(backend: LocalBackend, path: Path) -> None:
    """There the lock, made for us alone, is shown as everybody's, too."""
    tag = backend.save(b"one", None)
    for kept in path.parent.iterdir():
        kept.chmod(0o777)
    backend.save(b"two", tag)


def test_a_state_of_another_user_is_refused(backend: LocalBackend, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.save(b"one", None)
    if os.geteuid() == 0:
        os.chown(path, 54321, -1)
        # Root has the rights of everybody, and a container often runs as root on a folder of its host.
        assert backend.load() is not None
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(StateError) as caught:
        backend.load()
    assert f"belongs to another user (uid {owner})" in caught.value.problems[0].detail
    assert caught.value.problems[0].command == f"sudo chown 12345 {path}"
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert backend.load() is not None


def test_a_link_in_place_of_the_state_is_refused(backend: LocalBackend, path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"one")
    path.symlink_to(elsewhere)
    with pytest.raises(StateError) as caught:
        backend.load()
    assert "symbolic link" in caught.value.problems[0].detail
    with pytest.raises(StateError):
        backend.save(b"two", None)
    assert elsewhere.read_bytes() == b"one"


def test_a_link_to_nowhere_is_not_an_empty_state(backend: LocalBackend, path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StateError):
        backend.load()


def test_a_link_in_place_of_the_backup_is_replaced_and_not_followed(
    backend: LocalBackend, path: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    path.with_name("ftplan.state.json.backup").symlink_to(elsewhere)
    backend.save(b"two", backend.save(b"one", None))
    assert elsewhere.read_bytes() == b"mine"


def test_a_link_in_place_of_the_lock_is_refused(backend: LocalBackend, path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    path.with_name(".ftplan.state.json.lock").symlink_to(elsewhere)
    for use in (lambda: backend.lock(claim_of("a"), 0), backend.holder, lambda: backend.unlock("a")):
        with pytest.raises(StateError):
            use()
    assert elsewhere.read_bytes() == b"mine"


def test_what_is_no_regular_file_is_refused_at_once(backend: LocalBackend, path: Path) -> None:
    path.mkdir()
    with pytest.raises(StateError) as caught:
        backend.load()
    assert "not a regular file" in caught.value.problems[0].detail
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(StateError) as caught:
        backend.load()
    assert "not a regular file" in caught.value.problems[0].detail
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path)[-100:] if len(str(path)) < 100 else os.path.relpath(path))
        with pytest.raises(StateError):
            backend.load()


def test_a_damaged_claim_is_nobodys_to_ignore(backend: LocalBackend, path: Path) -> None:
    for damage in (b"{", b"[]", b'"text"', b'{"id": 7}', b"\xff\xfe"):
        path.with_name(".ftplan.state.json.lock").write_bytes(damage)
        holder = backend.holder()
        assert holder is not None
        with pytest.raises(StateError):
            backend.lock(claim_of("a"), 0)
        backend.break_lock(holder.id)
        backend.lock(claim_of("a"), 0)
        backend.unlock("a")


# Folders and disks.


def test_a_missing_folder_is_told_with_its_reason(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path / "gone" / "ftplan.state.json")
    assert backend.load() is None
    for use in (lambda: backend.save(b"one", None), lambda: backend.lock(claim_of("a"), 0)):
        with pytest.raises(StateError) as caught:
            use()
        assert "No such file or directory" in caught.value.problems[0].detail


AS_NOBODY = """
import os, sys
from pathlib import Path
from ftplan.backends.local import LocalBackend
from ftplan.core.stores import Claim
from ftplan.errors import StateError
os.chdir(sys.argv[1])
if os.geteuid() == 0:  # root may write everywhere
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
backend = LocalBackend(Path("ftplan.state.json"))
claim = Claim("a", "apply", "ann", "host", 1, "2026-11-22T10:00:00+00:00", "0.1.0")
for use in (lambda: backend.save(b"one", None), lambda: backend.lock(claim, 0)):
    try:
        use()
    except StateError as error:
        print(error.problems[0].detail)
"""


def test_a_folder_that_cannot_be_written_is_told_with_its_reason(path: Path) -> None:
    path.parent.chmod(0o555)
    command = [sys.executable, "-c", AS_NOBODY, str(path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    path.parent.chmod(0o700)
    assert done.stdout.splitlines() == ["ftplan.state.json: Permission denied."] * 2, done.stderr


def test_a_read_only_disk_is_told_with_its_reason() -> None:
    """/proc takes no new file from anybody, root included."""
    backend = LocalBackend(Path("/proc/ftplan.state.json"))
    for use in (lambda: backend.save(b"one", None), lambda: backend.lock(claim_of("a"), 0)):
        with pytest.raises(StateError) as caught:
            use()
        assert caught.value.problems[0].detail.startswith("ftplan.state.json: ")


def test_an_emergency_copy_stands_beside_the_state(backend: LocalBackend, path: Path) -> None:
    copy = Path(backend.rescue(b"bought"))
    assert copy.parent == path.parent
    assert copy.read_bytes() == b"bought"


def test_an_emergency_copy_goes_elsewhere_when_the_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    copy = Path(LocalBackend(tmp_path / "gone" / "ftplan.state.json").rescue(b"bought"))
    assert copy.parent == home
    assert copy.read_bytes() == b"bought"


def test_an_emergency_copy_needs_no_home(tmp_path: Path, path: Path) -> None:
    """A container's user may have no entry and no HOME; then `Path.home` raises."""
    program = (
        "import sys, pathlib, pwd\n"
        "def nobody(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        "from ftplan.backends.local import LocalBackend\n"
        "print(LocalBackend(pathlib.Path(sys.argv[1])).rescue(b'bought'))\n"
    )
    bare = {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    for place in (path, tmp_path / "gone" / path.name):
        done = subprocess.run(
            [sys.executable, "-c", program, str(place)], env=bare, capture_output=True, text=True, check=True
        )
        assert Path(done.stdout.strip()).parent == tmp_path


def test_a_full_disk_leaves_the_old_state_whole(backend: LocalBackend, path: Path) -> None:
    backend.save(b"two", backend.save(b"one", None))
    before = contents(path.parent)
    said, complaint = contender("full", path).communicate(timeout=60)
    assert "File too large" in said, complaint
    assert path.read_bytes() == b"two"
    assert contents(path.parent) == before


# Processes.


def test_half_a_claim_never_stands_in_the_lock(
    backend: LocalBackend, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda descriptor, data, offset: whole(descriptor, data[:20], offset))
    with pytest.raises(StateError, match="State cannot be locked"):
        backend.lock(claim_of("a"), 0)
    monkeypatch.undo()
    assert backend.holder() is None
    backend.lock(claim_of("b"), 0)


def test_a_kill_in_the_middle_of_saves_never_tears_the_state(path: Path) -> None:
    dice = random.Random(7)
    for _ in range(KILLS):
        with contender("save", path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            # Some work of our own is the only clock here: it ends at no moment that the other could know.
            for _ in range(dice.randrange(30)):
                blob = LocalBackend(path).load()
                assert blob is None or blob.data == blob.data[:1] * 200_000
            process.kill()
        blob = LocalBackend(path).load()
        assert blob is None or blob.data == blob.data[:1] * 200_000
        backup = path.with_name("ftplan.state.json.backup")
        assert not backup.exists() or set(backup.read_bytes()) <= set(b"0123456789")
        assert not backup.exists() or backup.stat().st_size == 200_000
    LocalBackend(path).lock(claim_of("next"), 0)
    assert contents(path.parent) <= {path.name, backup.name, ".ftplan.state.json.lock"}


def test_of_twenty_processes_one_holds_the_lock_at_a_time(path: Path, tmp_path: Path) -> None:
    processes = [contender("turns", path, tmp_path / "witness", f"p{number}") for number in range(20)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [out for out, _ in said] == ["alone\n"] * 20, said
    assert LocalBackend(path).holder() is None


def test_a_save_is_a_compare_and_swap_even_without_the_lock(backend: LocalBackend, path: Path) -> None:
    backend.save(b"0", None)
    processes = [contender("count", path, 25) for _ in range(4)]
    complaints = [process.communicate(timeout=120)[1] for process in processes]
    assert complaints == [""] * 4
    assert path.read_bytes() == b"100"


def test_a_claim_outlives_its_process(backend: LocalBackend, path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from ftplan.backends.local import LocalBackend\n"
        "from ftplan.testing import claim_of\n"
        "LocalBackend(pathlib.Path(sys.argv[1])).lock(claim_of('dead'), 0)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program, str(path)], env=environment, check=False)
    assert done.returncode == -9
    assert backend.holder() == claim_of("dead")
