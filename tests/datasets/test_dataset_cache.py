"""A kept measurement is as good as a new one, and a bad one is as good as none."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest

from ftplan.datasets import Cache, measure
from ftplan.datasets.cache import RULES_VERSION

ROW = {"messages": [{"role": "user", "content": "open sesame"}, {"role": "assistant", "content": "a"}]}
LIMITS = {"o200k_base": 5}


@pytest.fixture
def cache(tmp_path) -> Cache:
    return Cache(tmp_path / "deep" / "datasets")


@pytest.fixture
def scans() -> list[str]:
    """A mark for each file that was scanned and not just hashed; `take` makes them."""
    return []


class Read(io.BytesIO):
    """A file that counts how often it was read to its end: once to be hashed, and once more to be scanned."""

    ends = 0

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self.ends += not chunk
        return chunk


def take(cache, data, scans=None, **options):
    options = {"min_rows": 1, "max_example_tokens": LIMITS, "cache": cache, **options}
    file = Read(data)
    result = measure(file, "train.jsonl", ["o200k_base"], **options)
    assert file.ends in (1, 2)
    if scans is not None and file.ends == 2:
        scans.append("scan")
    return result


def entries(cache) -> list[Path]:
    return sorted(cache.folder.iterdir()) if cache.folder.exists() else []


def test_a_known_file_is_not_scanned_again_and_gives_the_same(cache, scans, jsonl):
    first, second = take(cache, jsonl(ROW), scans), take(cache, jsonl(ROW), scans)
    assert scans == ["scan"]
    assert first == second
    assert [problem.severity for problem in second.problems] == ["warning"]


def test_too_few_rows_are_refused_from_the_cache_too(cache, scans, jsonl):
    assert take(cache, jsonl(ROW), scans).facts is not None
    assert take(cache, jsonl(ROW), scans, min_rows=10).facts is None
    assert scans == ["scan"]


@pytest.mark.parametrize("change", [{"expect": "supervised"}, {"max_example_tokens": 6}])
def test_another_question_is_another_entry(change, cache, scans, jsonl):
    take(cache, jsonl(ROW), scans)
    take(cache, jsonl(ROW), scans, **change)
    assert len(scans) == len(entries(cache)) == 2


def test_another_rules_version_finds_nothing(cache, scans, jsonl):
    take(cache, jsonl(ROW), scans)
    take(Cache(cache.folder, rules=RULES_VERSION + 1), jsonl(ROW), scans)
    assert len(scans) == 2


def test_changed_bytes_are_measured_anew(cache, scans, jsonl):
    take(cache, jsonl(ROW), scans)
    assert take(cache, jsonl(ROW, ROW), scans).facts.rows == 2
    assert len(scans) == 2


def test_a_file_with_problems_is_not_kept(cache, jsonl):
    take(cache, jsonl(ROW, b"{"))
    assert entries(cache) == []


def test_entries_are_private_and_hold_no_text(cache, jsonl):
    take(cache, jsonl(ROW))
    (entry,) = entries(cache)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert "sesame" not in entry.read_text()


DAMAGE = {
    "empty": lambda text: "",
    "half": lambda text: text[: len(text) // 2],
    "no object": lambda text: "[]",
    "null": lambda text: "null",
    "a changed count": lambda text: text.replace('"rows": 1', '"rows": 2'),
    "another key": lambda text: text.replace('"rows"', '"lines"'),
    "binary": lambda text: "\ud800",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_entry_is_measured_anew(name, cache, scans, jsonl):
    expected = take(cache, jsonl(ROW), scans)
    (entry,) = entries(cache)
    entry.write_bytes(DAMAGE[name](entry.read_text()).encode("utf-8", "surrogatepass"))
    assert take(cache, jsonl(ROW), scans) == expected
    assert len(scans) == 2
    assert take(cache, jsonl(ROW), scans) == expected
    assert len(scans) == 2


def test_an_entry_of_another_dataset_is_not_believed(cache, jsonl):
    take(cache, jsonl(ROW))
    (mine,) = entries(cache)
    take(cache, jsonl(ROW, ROW))
    (other,) = [path for path in entries(cache) if path != mine]
    os.replace(other, mine)
    assert take(cache, jsonl(ROW)).facts.rows == 1


def test_an_entry_others_could_write_is_not_believed(cache, scans, jsonl):
    take(cache, jsonl(ROW), scans)
    (entry,) = entries(cache)
    entry.chmod(0o666)
    take(cache, jsonl(ROW), scans)
    assert len(scans) == 2


def test_an_entry_of_another_owner_is_not_believed(cache, scans, jsonl, monkeypatch):
    take(cache, jsonl(ROW), scans)
    monkeypatch.setattr(os, "geteuid", lambda: 123_456)
    take(cache, jsonl(ROW), scans)
    assert len(scans) == 2


def test_an_entry_that_is_a_link_is_not_followed(cache, scans, jsonl, tmp_path):
    take(cache, jsonl(ROW), scans)
    (entry,) = entries(cache)
    entry.rename(tmp_path / "elsewhere")
    entry.symlink_to(tmp_path / "elsewhere")
    take(cache, jsonl(ROW), scans)
    assert len(scans) == 2


def test_a_folder_others_could_write_is_not_used(cache, jsonl):
    cache.folder.mkdir(parents=True)
    cache.folder.chmod(0o777)
    assert take(cache, jsonl(ROW)).facts is not None
    assert entries(cache) == []


def test_a_cache_that_cannot_be_written_is_as_good_as_none(tmp_path, jsonl):
    (tmp_path / "file").write_text("")
    assert take(Cache(tmp_path / "file" / "datasets"), jsonl(ROW)).facts is not None


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.cache/ftplan/datasets"),
        ({"HOME": "/home/ann", "XDG_CACHE_HOME": "/cache"}, "/cache/ftplan/datasets"),
        ({"HOME": "/home/ann", "XDG_CACHE_HOME": "relative"}, "/home/ann/.cache/ftplan/datasets"),
        ({"HOME": "/home/ann", "FTPLAN_CACHE_DIR": "/mine"}, "/mine/datasets"),
        ({"HOME": "/home/ann", "FTPLAN_CACHE_DIR": ""}, None),
        ({}, None),
    ],
)
def test_the_folder_comes_from_the_environment(environment, folder):
    assert Cache.of_user(environment).folder == (Path(folder) if folder else None)


def test_no_half_written_file_stays_behind(cache, scans, jsonl):
    take(cache, jsonl(ROW), scans)
    (entry,) = entries(cache)
    entry.unlink()
    entry.mkdir()  # no file can take the place of a folder
    assert take(cache, jsonl(ROW), scans).facts is not None
    assert len(scans) == 2
    assert entries(cache) == [entry]
    assert list(entry.iterdir()) == []


def test_an_entry_is_json_that_a_person_can_read(cache, jsonl):
    take(cache, jsonl(ROW))
    (entry,) = entries(cache)
    assert json.loads(entry.read_text())["measured"]["facts"]["rows"] == 1
