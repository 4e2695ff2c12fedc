"""`dataset stats` as it is typed: the text for a reader, the page for everybody else."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from workbench import Workbench


def page(bench: Workbench, name: str = "stats.html") -> Path:
    return bench.folder / name


def test_the_page_is_written_beside_the_usual_text(bench: Workbench) -> None:
    bench.rows("r.jsonl", topic="stamp")
    plain = bench.run("dataset", "stats", "r.jsonl")
    done = bench.run("dataset", "stats", "r.jsonl", "-html=stats.html")
    assert (done.code, done.out, done.err) == (0, plain.out, "The page is in stats.html.\n")
    text = page(bench).read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>\n")
    assert text.endswith("</html>\n")
    assert "r.jsonl" in text
    assert "stamp" not in text, "the page tells what a row says"


def test_json_and_a_page_go_together(bench: Workbench) -> None:
    bench.rows("r.jsonl")
    done = bench.run("dataset", "stats", "r.jsonl", "-html=stats.html", "-json")
    assert json.loads(done.out)["rows"] == 10
    assert page(bench).exists()


def test_rows_with_images_and_tools_are_counted(bench: Workbench) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    rows = [
        {"messages": [{"role": "user", "content": content}, {"role": "assistant", "content": "a"}]}
        for content in ("q", [image])
    ]
    bench.write("r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    document = json.loads(bench.run("dataset", "stats", "r.jsonl", "-json").out)
    assert (document["rows_with_images"], document["rows_with_tools"]) == (1, 0)
    assert "Rows with images 1 " in bench.run("dataset", "stats", "r.jsonl").said


def test_a_page_that_is_there_is_left_alone_without_force(bench: Workbench) -> None:
    bench.rows("r.jsonl")
    taken = bench.write("stats.html", "mine")
    refused = bench.run("dataset", "stats", "r.jsonl", "-html=stats.html")
    assert (refused.code, refused.out, "stats.html exists" in refused.said) == (1, "", True)
    assert taken.read_text() == "mine"
    assert bench.run("dataset", "stats", "r.jsonl", "-html=stats.html", "-force").code == 0
    assert taken.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("r.jsonl", "is the file that is read"),
        ("folder", "is a folder"),
        ("/dev/null", "a device"),
        ("nowhere/x.html", "No such file or directory"),
    ],
)
def test_a_name_that_must_not_be_written_is_refused(bench: Workbench, name: str, said: str) -> None:
    before = bench.rows("r.jsonl").read_bytes()
    (bench.folder / "folder").mkdir()
    done = bench.run("dataset", "stats", "r.jsonl", f"-html={name}", "-force")
    assert (done.code, said in done.said) == (1, True), done.said
    assert (bench.folder / "r.jsonl").read_bytes() == before


def test_a_broken_row_leaves_no_page_behind(bench: Workbench) -> None:
    path = bench.rows("r.jsonl")
    path.write_bytes(path.read_bytes() + b"{\n")
    done = bench.run("dataset", "stats", "r.jsonl", "-html=stats.html")
    assert (done.code, "r.jsonl:11" in done.err) == (1, True)
    assert os.listdir(bench.folder) == ["r.jsonl"]


def test_a_page_is_as_private_as_its_dataset(bench: Workbench) -> None:
    path = bench.rows("r.jsonl")
    for mode in (0o600, 0o644):
        path.chmod(mode)
        assert bench.run("dataset", "stats", "r.jsonl", "-html=stats.html", "-force").code == 0
        assert stat.S_IMODE(page(bench).stat().st_mode) == mode


def test_a_hostile_name_can_do_nothing_to_a_terminal(bench: Workbench) -> None:
    name = "\x1b[2J<script>.jsonl"
    bench.rows(name)
    done = bench.run("dataset", "stats", name, f"-html={name}.html")
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "<script" not in page(bench, f"{name}.html").read_text()
