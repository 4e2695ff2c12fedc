"""Answers are found again by exactly what was asked, and a file that cannot be used is as good as none."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ftplan.backends.answers import AnswersFile
from ftplan.core.comparing.questions import Answer, Question, question_key

WHOLE = Answer("hélló \ud83d", ({"function": {"name": "f"}},), "stop", 3, 2, 1, True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "answers.sqlite3"


def found(answers: AnswersFile, key: str) -> Answer | None:
    return answers.kept_answers([key]).get(key)


def test_what_is_kept_is_found_whole_by_its_key_and_by_no_other(file: Path) -> None:
    AnswersFile(file).keep_answer("a", WHOLE)
    assert found(AnswersFile(file), "a") == WHOLE
    assert found(AnswersFile(file), "b") is None
    AnswersFile(file).keep_answer("a", Answer("later"))
    assert found(AnswersFile(file), "a") == Answer("later")


def test_it_is_readable_by_its_owner_alone(file: Path) -> None:
    AnswersFile(file).keep_answer("a", WHOLE)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_without_a_file_nothing_is_kept() -> None:
    AnswersFile(None).keep_answer("a", WHOLE)
    assert found(AnswersFile(None), "a") is None


@pytest.mark.parametrize("data", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_put_aside_and_told_by_whoever_writes(file: Path, data: bytes) -> None:
    file.parent.mkdir(mode=0o700)
    file.write_bytes(data)
    file.chmod(0o600)
    assert found(AnswersFile(file), "a") is None
    assert file.read_bytes() == data  # whoever reads changes nothing
    kept = AnswersFile(file)
    kept.keep_answer("a", WHOLE)
    assert found(AnswersFile(file), "a") == WHOLE
    assert (file.parent / f"{file.name}.damaged").read_bytes() == data
    (told,) = kept.troubles()
    assert (told.severity, told.summary) == ("warning", "Kept answers are damaged")
    assert str(file) in told.detail
    assert kept.troubles() == AnswersFile(file).troubles() == []


def test_an_empty_file_is_begun(file: Path) -> None:
    file.parent.mkdir(mode=0o700)
    file.touch(0o600)
    kept = AnswersFile(file)
    kept.keep_answer("a", WHOLE)
    assert (found(kept, "a"), kept.troubles()) == (WHOLE, [])


def test_damage_within_a_base_is_put_aside_too(file: Path) -> None:
    for number in range(300):
        AnswersFile(file).keep_answer(f"a{number}", WHOLE)
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    kept = AnswersFile(file)
    kept.keep_answer("b", WHOLE)
    assert found(kept, "b") == WHOLE
    assert [told.summary for told in kept.troubles()] == ["Kept answers are damaged"]


def test_whoever_pays_for_answers_that_are_not_kept_is_told_why(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    kept = AnswersFile(tmp_path / "folder")
    (before,) = kept.troubles()
    assert (before.summary, "Is a directory" in before.detail) == ("Answers cannot be kept", True)
    kept.keep_answer("a", WHOLE)
    kept.keep_answer("b", WHOLE)
    (lost,) = kept.troubles()
    assert (lost.summary, "2 could not be written" in lost.detail) == ("Answers were not kept", True)
    assert kept.troubles() == AnswersFile(None).troubles() == []


def test_a_file_that_others_could_write_is_named(file: Path) -> None:
    AnswersFile(file).keep_answer("a", WHOLE)
    file.parent.chmod(0o770)
    (told,) = AnswersFile(file).troubles()
    assert "others could write there" in told.detail


@pytest.mark.parametrize(
    "change",
    [
        "update answers set body = replace(body, 'stop', 'length')",
        "update answers set body = 'x'",
        "update answers set key = 'b'",
        "drop table answers",
    ],
)
def test_a_line_that_somebody_changed_is_not_found(file: Path, change: str) -> None:
    AnswersFile(file).keep_answer("a", WHOLE)
    with sqlite3.connect(file) as base:
        base.execute(change)
    base.close()
    assert found(AnswersFile(file), "a") is None
    assert found(AnswersFile(file), "b") is None


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_a_file_that_others_could_have_written_is_not_believed(file: Path, mode: int) -> None:
    AnswersFile(file).keep_answer("a", WHOLE)
    file.chmod(mode)
    assert found(AnswersFile(file), "a") is None


def test_another_version_begins_anew(file: Path) -> None:
    AnswersFile(file).keep_answer("a", WHOLE)
    with sqlite3.connect(file) as base:
        base.execute("pragma user_version = 99")
    base.close()
    assert found(AnswersFile(file), "a") is None
    AnswersFile(file).keep_answer("a", WHOLE)
    assert found(AnswersFile(file), "a") == WHOLE


def test_what_stands_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("folder", "link"):
        AnswersFile(tmp_path / name).keep_answer("a", WHOLE)
        assert found(AnswersFile(tmp_path / name), "a") is None
    assert not (tmp_path / "elsewhere").exists()


def test_an_answer_that_is_too_long_is_left_out_and_told(file: Path) -> None:
    kept = AnswersFile(file)
    kept.keep_answer("a", Answer("x" * 2_000_000))
    kept.keep_answer("b", Answer("\u017c" * 500_000))  # as bytes, not as escapes
    assert (found(AnswersFile(file), "a"), found(kept, "a")) == (None, Answer("x" * 2_000_000))
    assert found(AnswersFile(file), "b") is not None
    (told,) = kept.troubles()
    assert (told.summary, told.detail) == ("Answers were not kept", "1 of more than 1,048,576 bytes.")
    assert kept.troubles() == []


def test_why_there_is_no_file_is_told_once() -> None:
    kept = AnswersFile(None, why="HOME is not set")
    (told,) = kept.troubles()
    assert (told.summary, told.detail) == ("Answers cannot be kept", "No folder: HOME is not set.")
    kept.keep_answer("a", WHOLE)
    assert kept.troubles() == []


def test_what_one_process_asks_no_other_one_may_ask_until_it_lets_go_or_dies(file: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ftplan.backends.answers import AnswersFile;"
        "answers = AnswersFile(Path(sys.argv[1])); print(answers.claim('a'), flush=True);"
        "sys.stdin.readline(); answers.release('a'); print('let go', flush=True); answers.claim('a'); input()"
    )
    ours = AnswersFile(file)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert (ours.claim("a"), ours.claim("b")) == (False, True)
        print(file=other.stdin, flush=True)
        assert other.stdout.readline() == "let go\n"
        other.kill()
        other.wait()
    assert ours.claim("a")


@pytest.mark.parametrize("there", ["folder", "link", "pipe"])
def test_where_nothing_can_be_claimed_everything_may_be_asked(file: Path, there: str) -> None:
    file.parent.mkdir(mode=0o700)
    claims = file.with_name(f"{file.name}.asked")
    {"folder": claims.mkdir, "link": lambda: claims.symlink_to("/dev/null"), "pipe": lambda: os.mkfifo(claims)}[there]()
    kept = AnswersFile(file)
    assert kept.claim("a")
    kept.release("a")


def test_processes_may_keep_answers_at_once(file: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ftplan.backends.answers import AnswersFile;"
        "from ftplan.core.comparing.questions import Answer;"
        "[AnswersFile(Path(sys.argv[1])).keep_answer(f'{sys.argv[2]}{n}', Answer(str(n))) for n in range(30)]"
    )
    AnswersFile(file).keep_answer("first", WHOLE)
    command = [sys.executable, "-c", script, str(file)]
    running = [subprocess.Popen([*command, name], env={**os.environ}) for name in ("a", "b")]
    assert [one.wait(30) for one in running] == [0, 0]
    kept = AnswersFile(file)
    assert [found(kept, f"{name}{n}") for name in "ab" for n in range(30)] == [Answer(str(n)) for n in range(30)] * 2


def test_a_key_is_of_the_service_the_model_the_prompt_and_the_parameters() -> None:
    question = Question("m", ({"role": "user", "content": "a"},), ({"type": "function"},), {"temperature": 0})
    keys = {
        question_key("openai", question),
        question_key("azure", question),
        question_key("openai", Question("n", question.messages, question.tools, question.parameters)),
        question_key("openai", Question("m", ({"role": "user", "content": "b"},), question.tools, question.parameters)),
        question_key("openai", Question("m", question.messages, (), question.parameters)),
        question_key("openai", Question("m", question.messages, question.tools, {"temperature": 1})),
    }
    assert len(keys) == 6
