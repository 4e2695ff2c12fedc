"""`dataset diff`: which rows changed, between two files or since a commit."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from typing import Any

import pytest
from workbench import Workbench, chats

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def edited() -> list[dict[str, Any]]:
    """Ten rows of which one was edited, one taken out and one written."""
    rows = chats()
    rows[3]["messages"][1]["content"] = "The parcel 3 is lost. Ask jane@corp.io."
    del rows[7]
    return [*rows, {"messages": [{"role": "user", "content": "Quo?"}, {"role": "assistant", "content": "Domum."}]}]


def git(bench: Workbench, *words: str) -> None:
    who = [
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.com",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "init.defaultBranch=main",
    ]
    subprocess.run(["git", *who, *words], cwd=bench.folder, check=True, capture_output=True)


def found(bench: Workbench, *words: str) -> list[dict[str, Any]]:
    done = bench.run("dataset", "diff", "-json", *words)
    assert done.code == 0, done.said
    document = json.loads(done.out)
    assert document["format_version"] == "1.0"
    diffs: list[dict[str, Any]] = document["dataset_diffs"]
    return diffs


def counts(diff: dict[str, Any]) -> tuple[int, ...]:
    return tuple(diff[name] for name in ("unchanged", "edited", "added", "removed"))


@pytest.fixture
def committed(bench: Workbench) -> Workbench:
    """A project whose data were committed, and of which one dataset was edited since."""
    bench.rows("data/rows.jsonl")
    bench.rows("data/other.jsonl", "letter")
    bench.declare({}, {"rows": {"path": "data/rows.jsonl"}, "other": {"path": "data/other.jsonl"}})
    git(bench, "init", "-q")
    git(bench, "add", ".")
    git(bench, "commit", "-qm", "one")
    bench.write("data/rows.jsonl", lines(edited()))
    return bench


def test_two_files_are_held_against_each_other(bench: Workbench) -> None:
    bench.rows("old.jsonl")
    bench.write("new.jsonl", lines(edited()))
    (diff,) = found(bench, "old.jsonl", "new.jsonl")
    assert counts(diff) == (8, 1, 1, 1)
    said = bench.run("dataset", "diff", "old.jsonl", "new.jsonl").out
    assert said.startswith("new.jsonl: 1 edited, 1 added, 1 removed of 10 rows\n8 unchanged\n")
    assert "Domum" not in said


def test_rows_are_shown_only_where_they_are_asked_for_and_masked(bench: Workbench) -> None:
    bench.rows("old.jsonl")
    bench.write("new.jsonl", lines(edited()))
    said = bench.run("dataset", "diff", "-show-rows=20", "old.jsonl", "new.jsonl").out
    assert "- The parcel 3 is in hall 0." in said
    assert "+ The parcel 3 is lost. Ask [masked]." in said
    assert "+ Domum." in said


def test_compressed_files_and_patterns_are_what_is_in_them(bench: Workbench) -> None:
    rows = chats()
    bench.write("old.jsonl.gz", gzip.compress(lines(rows).encode()))
    bench.write("parts/a.jsonl", lines(rows[:4]))
    bench.write("parts/b.jsonl", lines(rows[4:]))
    (diff,) = found(bench, "old.jsonl.gz", "parts/*.jsonl")
    assert counts(diff) == (10, 0, 0, 0)


def test_since_a_commit_the_datasets_of_the_project_that_changed_are_told(committed: Workbench) -> None:
    (diff,) = found(committed, "-base=HEAD")
    assert (diff["path"], counts(diff)) == ("data/rows.jsonl", (8, 1, 1, 1))
    git(committed, "checkout", "-q", "--", ".")
    assert "No dataset of this project changed since HEAD." in committed.run("dataset", "diff", "-base=HEAD").out


def test_a_path_below_the_repositorys_root_is_found_from_where_one_stands(committed: Workbench) -> None:
    done = committed.run("-chdir=data", "dataset", "diff", "-base=HEAD", "-json", "rows.jsonl", "*.jsonl")
    assert [counts(diff) for diff in json.loads(done.out)["dataset_diffs"]] == [(8, 1, 1, 1), (18, 1, 1, 1)]


def test_a_dataset_that_was_not_there_then_is_all_new(committed: Workbench) -> None:
    committed.rows("fresh.jsonl", "stamp")
    (diff,) = found(committed, "-base=HEAD", "fresh.jsonl")
    assert counts(diff) == (0, 0, 10, 0)


def test_links_are_followed_as_they_were_committed(committed: Workbench) -> None:
    os.symlink("data", committed.folder / "linked")
    os.symlink("../linked/rows.jsonl", committed.folder / "data" / "one.jsonl")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "links, and the rows as they are now")
    committed.rows("data/rows.jsonl")
    for path in ("data/rows.jsonl", "linked/rows.jsonl", "data/one.jsonl", "data/o*e.jsonl"):
        (diff,) = found(committed, "-base=HEAD", path)
        assert (path, counts(diff)) == (path, (8, 1, 1, 1))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside.jsonl", "two.jsonl"])
def test_a_link_that_led_out_of_the_folder_or_round_and_round_is_told(committed: Workbench, target: str) -> None:
    os.symlink(target, committed.folder / "data" / "link.jsonl")
    os.symlink("link.jsonl", committed.folder / "data" / "two.jsonl")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "links")
    (committed.folder / "data" / "link.jsonl").unlink()
    committed.rows("data/link.jsonl")
    done = committed.run("dataset", "diff", "-base=HEAD", "data/link.jsonl")
    assert done.code == 1
    assert "leads out of this folder" in done.said or "leads through more than 20 links" in done.said


def test_a_declared_dataset_that_is_a_link_out_of_the_project_now_is_not_read(committed: Workbench) -> None:
    committed.rows("../outside.jsonl", "passport")
    (committed.folder / "data" / "rows.jsonl").unlink()
    os.symlink("../../outside.jsonl", committed.folder / "data" / "rows.jsonl")
    for words in ((), ("dataset.rows",)):
        done = committed.run("dataset", "diff", "-base=HEAD", "-show-rows=20", *words)
        assert (done.code, "leaves the project" in done.said, "passport" in done.said) == (1, True, False)


def test_a_dataset_of_the_project_may_be_named_by_its_address(committed: Workbench) -> None:
    both = found(committed, "-base=HEAD", "dataset.rows", "dataset.other")
    assert [(diff["path"], counts(diff)) for diff in both] == [
        ("data/rows.jsonl", (8, 1, 1, 1)),
        ("data/other.jsonl", (10, 0, 0, 0)),
    ]
    done = committed.run("dataset", "diff", "-base=HEAD", "dataset.row")
    assert (done.code, "Did you mean dataset.rows?" in done.said) == (1, True)


def test_however_a_path_is_spelled_it_is_the_same_file(committed: Workbench) -> None:
    for path in ("./data/rows.jsonl", "data/../data/rows.jsonl", str(committed.folder / "data" / "rows.jsonl")):
        (diff,) = found(committed, "-base=HEAD", path)
        assert (path, counts(diff)) == (path, (8, 1, 1, 1))
    done = committed.run("-chdir=data", "dataset", "diff", "-base=HEAD", "../data/rows.jsonl")
    assert (done.code, "leads out of this folder" in done.said) == (1, True)


def test_what_was_in_a_submodule_is_told_as_that(committed: Workbench) -> None:
    commit = "160000,1234567890123456789012345678901234567890,sub"
    git(committed, "update-index", "--add", "--cacheinfo", commit)
    git(committed, "commit", "-qm", "a submodule")
    committed.rows("sub/rows.jsonl")
    for path in ("sub/rows.jsonl", "sub/*.jsonl"):
        done = committed.run("dataset", "diff", "-base=HEAD", path)
        assert (path, done.code, "leads into a submodule" in done.said) == (path, 1, True)


def test_what_is_not_in_the_store_is_missing_and_nothing_is_fetched(committed: Workbench) -> None:
    git(committed, "config", "uploadpack.allowFilter", "true")
    source, clone = committed.folder.as_uri(), str(committed.folder.parent / "clone")
    git(committed, "clone", "-q", "--no-checkout", "--filter=blob:none", source, clone)
    committed.rows("../clone/data/rows.jsonl")
    done = committed.run(f"-chdir={clone}", "dataset", "diff", "-base=HEAD", "data/rows.jsonl")
    assert (done.code, "What was committed cannot be read" in done.said) == (1, True)
    assert "git fetch origin BRANCH" in done.said
    kept = ["git", "rev-list", "--objects", "--all", "--missing=print"]
    missing = subprocess.run(kept, cwd=clone, check=True, capture_output=True, text=True).stdout
    assert sum(line.startswith("?") for line in missing.splitlines()) == 3


def test_a_broken_file_of_the_other_side_is_no_missing_one(committed: Workbench) -> None:
    committed.write("data/rows.jsonl.gz", b"not gzip")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "broken")
    committed.write("data/rows.jsonl.gz", gzip.compress(lines(chats()).encode()))
    done = committed.run("dataset", "diff", "-base=HEAD", "data/rows.jsonl.gz")
    assert (done.code, "as of HEAD" in done.said) == (1, True)


@pytest.mark.parametrize("revision", ["--output=written", "-h", "nowhere", "", "HEAD:data", "a b", "HEAD^{tree}"])
def test_what_names_no_commit_is_told_and_nothing_is_run_with_it(committed: Workbench, revision: str) -> None:
    done = committed.run("dataset", "diff", f"-base={revision}", "data/rows.jsonl")
    assert done.code == 1
    assert "What was committed cannot be read" in done.said
    assert not (committed.folder / "written").exists()


def test_outside_of_a_repository_that_is_told(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.environ(GIT_CEILING_DIRECTORIES=str(bench.folder.parent))
    done = bench.run("dataset", "diff", "-base=HEAD", "rows.jsonl")
    assert (done.code, "not a git repository" in done.said) == (1, True)


def test_no_filter_hook_or_pager_of_a_repository_runs(committed: Workbench) -> None:
    trap = "sh -c 'touch TRAPPED; cat'"
    for key in (
        "filter.x.smudge",
        "filter.x.clean",
        "diff.x.textconv",
        "diff.x.command",
        "core.pager",
        "core.fsmonitor",
    ):
        git(committed, "config", key, trap)
    committed.write(".gitattributes", "*.jsonl filter=x diff=x\n")
    found(committed, "-base=HEAD")
    found(committed, "-base=HEAD", "data/rows.jsonl")
    assert not list(committed.folder.rglob("TRAPPED"))


def test_a_pointer_of_git_lfs_is_told_as_that(committed: Workbench) -> None:
    committed.write("data/rows.jsonl", LFS)
    git(committed, "commit", "-qam", "pointer")
    committed.rows("data/rows.jsonl")
    done = committed.run("dataset", "diff", "-base=HEAD", "data/rows.jsonl")
    assert (done.code, "kept by Git LFS" in done.said) == (1, True)


@pytest.mark.parametrize("words", [(), ("one.jsonl",), ("a", "b", "c"), ("-json", "-markdown", "a", "b")])
def test_what_cannot_be_meant_is_refused(bench: Workbench, words: tuple[str, ...]) -> None:
    assert bench.run("dataset", "diff", *words).code == 1


def test_a_base_models_limit_is_minded_and_markdown_is_for_a_pull_request(bench: Workbench) -> None:
    bench.rows("old.jsonl")
    bench.write("new.jsonl", lines(edited()))
    (diff,) = found(bench, "-base-model=gpt-4o-mini-2024-07-18", "old.jsonl", "new.jsonl")
    assert (diff["limit"], diff["after"]["over_limit"]) == (65_536, 0)
    said = bench.run("dataset", "diff", "-markdown", "old.jsonl", "new.jsonl").out
    assert said.startswith("### `new.jsonl`: 1 edited, 1 added, 1 removed of 10")
