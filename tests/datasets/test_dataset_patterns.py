"""A pattern means the same files in the same order everywhere, and never one that a plain path could not name."""

from __future__ import annotations

import os

import pytest

from ftplan.datasets import open_dataset
from ftplan.errors import Place, Problem


@pytest.fixture
def root(tmp_path):
    inside = tmp_path / "project"
    (inside / "data").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jsonl").write_text("secret\n")
    return inside


def write(root, *names, folder="data"):
    """Files that hold their own names."""
    for name in names:
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")


def opened(root, path, **options):
    result = open_dataset(root, path, **options)
    if isinstance(result, Problem):
        return result
    with result:
        return result.read().decode()


def names(root, pattern, **options):
    found = opened(root, pattern, **options)
    assert isinstance(found, str), found
    return found.split()


def test_files_stand_in_the_order_of_the_bytes_of_their_paths(root):
    write(root, "b.jsonl", "a.jsonl", "B.jsonl", "é.jsonl", "z.jsonl", "a/x.jsonl", "a-b.jsonl")
    assert names(root, "data/*.jsonl") == ["B.jsonl", "a-b.jsonl", "a.jsonl", "b.jsonl", "z.jsonl", "é.jsonl"]
    assert names(root, "data/**/a*")[:1] == ["a-b.jsonl"]
    assert names(root, "data/**/*.jsonl")[1:4] == ["a-b.jsonl", "a.jsonl", "a/x.jsonl"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("data/part-[0-9].jsonl", ["part-0.jsonl", "part-7.jsonl"]),
        ("data/part-[!0].jsonl", ["part-7.jsonl", "part-x.jsonl"]),
        ("data/part-?.jsonl", ["part-0.jsonl", "part-7.jsonl", "part-x.jsonl"]),
        ("./data//part-[7].jsonl", ["part-7.jsonl"]),
        ("d?ta/deep/*.jsonl", ["deep/one.jsonl"]),
        ("data/*/one.jsonl", ["deep/one.jsonl"]),
        ("**/one.jsonl", ["deep/deeper/one.jsonl", "deep/one.jsonl"]),
        ("data/**/**/one.jsonl", ["deep/deeper/one.jsonl", "deep/one.jsonl"]),
        ("**/deep/**/one.jsonl", ["deep/deeper/one.jsonl", "deep/one.jsonl"]),
        ("data/deep/**", ["deep/deeper/one.jsonl", "deep/one.jsonl"]),
    ],
)
def test_a_pattern_means_what_it_means_in_a_shell_and_each_file_once(root, pattern, found):
    write(root, "part-0.jsonl", "part-7.jsonl", "part-x.jsonl", "part-10.jsonl", "deep/one.jsonl")
    write(root, "deep/deeper/one.jsonl")
    assert names(root, pattern) == found


def test_hidden_names_are_meant_only_where_the_pattern_says_the_dot(root):
    write(root, ".hidden.jsonl", "seen.jsonl", ".folder/in.jsonl")
    assert names(root, "data/*.jsonl") == ["seen.jsonl"]
    assert names(root, "**/*.jsonl") == ["seen.jsonl"]
    assert names(root, "data/.*.jsonl") == [".hidden.jsonl"]
    assert names(root, "data/.folder/*.jsonl") == [".folder/in.jsonl"]


def test_the_folder_of_git_is_never_meant(root):
    write(root, "in.jsonl", folder=".git")
    write(root, "in.jsonl", folder=".GIT")
    assert opened(root, ".*/in.jsonl").summary == "A dataset pattern matches no file"


@pytest.mark.parametrize("name", ["odd[1].jsonl", "star*.jsonl", "what?.jsonl"])
def test_a_file_that_is_called_like_a_pattern_is_meant_literally(root, name):
    write(root, name, "odd1.jsonl", "stars.jsonl", "whats.jsonl")
    assert names(root, f"data/{name}") == [name]


def test_rows_of_two_files_never_melt_together(root):
    for name, text in {"a": "1", "b": "", "c": "2\n", "d": "\n", "e": "3"}.items():
        (root / "data" / f"{name}.jsonl").write_text(text)
    assert opened(root, "data/*.jsonl") == "1\n2\n\n3"


def test_a_pattern_that_means_one_file_is_that_file(root):
    (root / "data" / "only.jsonl").write_bytes(b"no line feed")
    assert opened(root, "data/*.jsonl") == opened(root, "data/only.jsonl") == "no line feed"


def test_no_match_is_answered_with_the_nearest_file_and_the_place_it_was_named(root):
    write(root, "train.jsonl")
    problem = opened(root, "data/trian*.jsonl", place=Place("ftplan.yaml", 7, 11))
    assert problem.summary == "A dataset pattern matches no file"
    assert problem.advice == "Did you mean 'data/train.jsonl'?"
    assert problem.place == Place("ftplan.yaml", 7, 11)
    assert opened(root, "nowhere/*.jsonl").summary == "A dataset pattern matches no file"
    assert opened(root, "data/train.jsonl/*").summary == "A dataset pattern matches no file"


@pytest.mark.parametrize("pattern", ["../outside/*.jsonl", "data/../../outside/*", "/etc/pass*", "data\\*.jsonl"])
def test_a_pattern_leads_nowhere_that_a_path_may_not(root, pattern):
    assert opened(root, pattern).summary in ("A dataset path leaves the project", "A dataset path is unusable")


@pytest.mark.parametrize(
    ("link", "target", "pattern"),
    [
        ("data/b.jsonl", "../../outside/secret.jsonl", "data/*.jsonl"),
        ("data/b.jsonl", "/etc/passwd", "data/*.jsonl"),
        ("data/folder", "../../outside", "data/*/secret.jsonl"),
        ("folder", "../outside", "folder/*.jsonl"),
        ("folder", "/etc", "folder/pass*"),
    ],
)
def test_a_link_that_leaves_the_project_is_refused_and_not_passed_over(root, link, target, pattern):
    write(root, "a.jsonl")
    (root / link).symlink_to(target)
    assert opened(root, pattern).summary == "A dataset path leaves the project"


def test_any_number_of_folders_goes_through_no_link(root):
    write(root, "in.jsonl", folder="real")
    (root / "data" / "link").symlink_to("../real")
    (root / "data" / "outside").symlink_to("../../outside")
    (root / "data" / "round").symlink_to("..")
    write(root, "a.jsonl")
    assert names(root, "data/**/*.jsonl") == ["a.jsonl"]
    assert names(root, "data/link/*.jsonl") == ["in.jsonl"]


def test_a_link_to_a_file_that_is_meant_anyway_counts_once_and_a_copy_twice(root):
    write(root, "b.jsonl")
    (root / "data" / "a.jsonl").symlink_to("b.jsonl")
    (root / "data" / "c.jsonl").symlink_to("b.jsonl")
    assert names(root, "data/*.jsonl") == ["b.jsonl"]
    assert names(root, "data/[ac].jsonl") == ["b.jsonl"]
    # Stores of data link equal files to one: whether they do must not decide what is trained.
    os.link(root / "data" / "b.jsonl", root / "data" / "d.jsonl")
    assert names(root, "data/[bd].jsonl") == ["b.jsonl", "b.jsonl"]


def test_what_is_no_file_is_passed_over_and_a_dangling_link_is_not(root):
    write(root, "a.jsonl", "folder.jsonl/x")
    os.mkfifo(root / "data" / "pipe.jsonl")
    (root / "data" / "link.jsonl").symlink_to("folder.jsonl")
    assert names(root, "data/*.jsonl") == ["a.jsonl"]
    (root / "data" / "gone.jsonl").symlink_to("nowhere")
    problem = opened(root, "data/*.jsonl")
    assert problem.summary == "A dataset cannot be opened"
    assert "data/gone.jsonl" in problem.detail


def test_a_name_that_is_no_text_is_refused(root):
    (root / os.fsdecode(b"data/\xff.jsonl")).write_text("x")
    assert opened(root, "data/*.jsonl").summary == "A dataset path is unusable"


def test_a_pattern_that_means_too_much_is_refused_before_anything_is_read(root):
    deep = root / "data"
    for _ in range(110):
        deep = deep / "x"
    deep.mkdir(parents=True)
    assert opened(root, "**/*.jsonl").summary == "A dataset pattern is too wide"


def test_outside_patterns_are_followed_when_allowed(root):
    for pattern in ("../outside/*.jsonl", str(root.parent / "out*" / "secret.jsonl")):
        assert names(root, pattern, allow_outside=True) == ["secret"]


def replaced(part, other):
    other.write_text("new\n")
    os.replace(other, part)


def led_out(part, other):
    part.unlink()
    part.symlink_to("../../outside/secret.jsonl")


MEANWHILE = {
    "replaced": replaced,
    "written to": lambda part, other: part.write_text("b.jsonl and more\n"),
    "gone": lambda part, other: part.unlink(),
    "a link that leaves the project": led_out,
    "a pipe": lambda part, other: (part.unlink(), os.mkfifo(part)),
}


@pytest.mark.parametrize("change", MEANWHILE)
def test_a_part_that_changes_between_opening_and_reading_is_not_read(root, change):
    write(root, "a.jsonl", "b.jsonl")
    with open_dataset(root, "data/*.jsonl") as file:
        assert file.read() == b"a.jsonl\nb.jsonl\n"
        MEANWHILE[change](root / "data" / "b.jsonl", root / "other")
        file.seek(0)
        for _ in range(2):  # and what broke off is no end of the file
            with pytest.raises(OSError, match="The dataset changed while it was read"):
                file.read()


def test_no_descriptor_is_left_open(root):
    write(root, "a.jsonl", "b.jsonl", "c.jsonl")
    before = os.listdir("/dev/fd")
    for _ in range(3):
        with open_dataset(root, "data/*.jsonl") as file:
            file.read(3)
        opened(root, "data/none*")
    assert len(os.listdir("/dev/fd")) == len(before)
