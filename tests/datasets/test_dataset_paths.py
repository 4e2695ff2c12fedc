"""A configuration opens what lies in its own folder, and nothing else unless it was allowed to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from ftplan.datasets import open_dataset
from ftplan.errors import Place, Problem


@pytest.fixture
def root(tmp_path):
    inside = tmp_path / "project"
    (inside / "data" / "deep").mkdir(parents=True)
    (inside / "data" / "train.jsonl").write_text("inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jsonl").write_text("secret")
    return inside


def link(root, name, target):
    (root / name).symlink_to(target)


def opened(root, path, **options):
    result = open_dataset(root, path, **options)
    if isinstance(result, Problem):
        return result
    with result:
        return result.read()


@pytest.mark.parametrize("path", ["data/train.jsonl", "./data//train.jsonl", "data/./train.jsonl"])
def test_a_file_below_the_root_is_opened(root, path):
    assert opened(root, path) == b"inside"


def test_links_inside_the_root_are_followed(root):
    link(root, "file.jsonl", "data/train.jsonl")
    link(root, "data/deep/up.jsonl", "../train.jsonl")
    link(root, "folder", "data/deep")
    link(root, "chain.jsonl", "folder/up.jsonl")
    for path in ("file.jsonl", "data/deep/up.jsonl", "folder/up.jsonl", "chain.jsonl"):
        assert opened(root, path) == b"inside"


LEAVING = ["../outside/secret.jsonl", "data/../../outside/secret.jsonl", "/etc/passwd", "data/../data/train.jsonl"]
UNUSABLE = [
    "",
    "a\0b",
    "data\\train.jsonl",
    "..\\outside\\secret.jsonl",
    "C:train.jsonl",
    "c:/train.jsonl",
    "file:///etc/passwd",
    "s3://bucket/train.jsonl",
    "https://example.org/train.jsonl",
    "data/\ud800",
]


@pytest.mark.parametrize("path", LEAVING)
def test_a_path_that_leaves_the_root_is_refused(root, path):
    assert opened(root, path).summary == "A dataset path leaves the project"


@pytest.mark.parametrize("path", UNUSABLE)
def test_a_path_that_is_no_portable_file_name_is_refused(root, path):
    assert opened(root, path).summary == "A dataset path is unusable"
    assert opened(root, path, allow_outside=True).summary == "A dataset path is unusable"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("file.jsonl", "../outside/secret.jsonl"),
        ("absolute.jsonl", "/etc/passwd"),
        ("environment.jsonl", "/proc/self/environ"),
        ("folder/secret.jsonl", "../outside"),
        ("data/deep/far.jsonl", "../../../outside/secret.jsonl"),
    ],
)
def test_a_link_that_leaves_the_root_is_refused(root, path, target):
    name = "folder" if path.startswith("folder/") else path
    link(root, name, target)
    assert opened(root, path).summary == "A dataset path leaves the project"


def test_a_link_to_a_link_that_leaves_the_root_is_refused(root):
    link(root, "two.jsonl", "one.jsonl")
    link(root, "one.jsonl", "../outside/secret.jsonl")
    assert opened(root, "two.jsonl").summary == "A dataset path leaves the project"


def test_links_in_a_circle_are_refused(root):
    link(root, "a.jsonl", "b.jsonl")
    link(root, "b.jsonl", "a.jsonl")
    assert opened(root, "a.jsonl").summary == "A dataset cannot be opened"


def test_only_regular_files_are_opened(root, monkeypatch):
    os.mkfifo(root / "pipe.jsonl")
    with socket.socket(socket.AF_UNIX) as server:
        # The address of a socket is short: bind it by its name alone.
        monkeypatch.chdir(root)
        server.bind("socket.jsonl")
        for path in ("pipe.jsonl", "socket.jsonl", "data", "."):
            for outside in (False, True):
                assert opened(root, path, allow_outside=outside).summary == "A dataset is not a regular file"
    assert opened(root, "/dev/null", allow_outside=True).summary == "A dataset is not a regular file"


def test_a_file_swapped_for_a_link_between_look_and_opening_is_not_followed(root, monkeypatch):
    seen = os.stat

    def swapping(path, **options):
        status = seen(path, **options)
        if path == "train.jsonl":
            (root / "data" / "train.jsonl").unlink()
            link(root, "data/train.jsonl", "../../outside/secret.jsonl")
        return status

    monkeypatch.setattr(os, "stat", swapping)
    assert opened(root, "data/train.jsonl").summary == "A dataset cannot be opened"
    assert (root / "data" / "train.jsonl").is_symlink()


def test_outside_paths_are_opened_when_allowed(root):
    link(root, "file.jsonl", "../outside/secret.jsonl")
    for path in ("../outside/secret.jsonl", str(root.parent / "outside" / "secret.jsonl"), "file.jsonl"):
        assert opened(root, path, allow_outside=True) == b"secret"


def test_a_missing_file_is_answered_with_a_near_one_and_the_place_it_was_named(root):
    place = Place("ftplan.yaml", 7, 11)
    problem = opened(root, "data/trian.jsonl", place=place)
    assert problem.summary == "A dataset file is missing"
    assert problem.advice == "Did you mean 'data/train.jsonl'?"
    assert problem.place == place
    assert opened(root, "data/train.jsonl/x").summary == "A dataset file is missing"


AS_NOBODY = """
import os, sys
from pathlib import Path
from ftplan.datasets import open_dataset
os.chdir(sys.argv[1])
if os.geteuid() == 0:  # root may read every file
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with open_dataset(Path(), "data/open.jsonl") as file:
    print(file.read().decode())
print(open_dataset(Path(), "data/train.jsonl").summary)
"""


def test_a_file_without_permission_is_a_problem(root):
    (root / "data" / "open.jsonl").write_text("for everybody")
    for name, mode in {".": 0o755, "data": 0o755, "data/open.jsonl": 0o644, "data/train.jsonl": 0}.items():
        (root / name).chmod(mode)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(root)], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["for everybody", "A dataset cannot be opened"], done.stderr


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_no_descriptor_is_left_open(root):
    link(root, "out.jsonl", "../outside/secret.jsonl")
    before = [number for number in range(1024) if is_open(number)]
    for path in ("data/train.jsonl", "out.jsonl", "data/deep/none", "data", *LEAVING, *UNUSABLE):
        opened(root, path)
    assert [number for number in range(1024) if is_open(number)] == before
