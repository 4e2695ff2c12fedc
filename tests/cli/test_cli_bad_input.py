"""Whatever is wrong ends with exit 1, and a message names the place and the way out; nothing is sent, nothing lost."""

from __future__ import annotations

import http.server
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from workbench import STATE, Done, Workbench, chats, model

APPLY = ("apply", "-auto-approve")
CONFIG = "ftplan.yaml"
CHAIN = {"a": model(base_model="model.c"), "b": model(base_model="model.a"), "c": model(base_model="model.b")}


def broken_row(bench: Workbench) -> None:
    rows = [json.dumps(row) for row in chats()]
    rows[6] = rows[6][:40]
    bench.bot()
    bench.write("rows.jsonl", "\n".join(rows) + "\n")


def unusable_row(bench: Workbench) -> None:
    rows = chats()
    rows[6]["messages"].pop()
    bench.bot()
    bench.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def missing_file(bench: Workbench) -> None:
    bench.bot()
    (bench.folder / "rows.jsonl").unlink()


def marked_file(bench: Workbench) -> None:
    bench.bot()
    bench.write("rows.jsonl", "\ufeff" + (bench.folder / "rows.jsonl").read_text())


def few_rows(bench: Workbench) -> None:
    bench.rows("rows.jsonl", count=3)
    bench.bot()


def repeated_key(bench: Workbench) -> None:
    bench.bot()
    text = (bench.folder / CONFIG).read_text()
    bench.write(CONFIG, text.replace('"epochs": 1', '"epochs": 1, "epochs": 2'))


def two_files(bench: Workbench) -> None:
    bench.bot()
    bench.write("ftplan.yml", "version: 1\n")


BAD: dict[str, tuple[Callable[[Workbench], object], list[str]]] = {
    "no configuration": (lambda b: None, ["There is no ftplan.yaml in", "ftplan init", "-chdir=DIR"]),
    "an empty configuration": (lambda b: b.write(CONFIG, ""), ["ftplan.yaml:1:1", "declares nothing"]),
    "a configuration that is no mapping": (lambda b: b.write(CONFIG, "- a\n"), ["ftplan.yaml:1:1", "mapping"]),
    "a tab": (lambda b: b.write(CONFIG, "version: 1\nmodels:\n\tb: {}\n"), ["ftplan.yaml:3:1", "replace the tab"]),
    "bytes that are no text": (lambda b: b.write(CONFIG, b"\xff\xfev"), ["ftplan.yaml:1:1", "Save the file as UTF-8"]),
    "a repeated key": (repeated_key, ["ftplan.yaml:19:20", "already given in line 19", "Keep one"]),
    "two configurations": (two_files, ["ftplan.yml", "Both", "Remove one"]),
    "an unknown key": (lambda b: b.bot(epoch=3), ["ftplan.yaml:21:7", '"epoch": 3', 'Did you mean "epochs"?']),
    "a wrong type": (lambda b: b.bot(epochs="many"), ["ftplan.yaml:19:17", '"many"', "a whole number"]),
    "a cycle": (lambda b: b.rows("rows.jsonl") and b.declare(CHAIN), [
        "ftplan.yaml:17:21", "model.a -> model.c -> model.b -> model.a", "Give one of them a base model"
    ]),
    "an unknown base model": (lambda b: b.bot(base_model="gpt-4.1-mimi"), [
        "ftplan.yaml:17:21", "gpt-4.1-mimi", "Did you mean 'gpt-4.1-mini'?"
    ]),
    "an unknown parent": (lambda b: b.bot(base_model="model.bat"), ["ftplan.yaml:17:21", "bat"]),
    "an unknown dataset": (lambda b: b.bot(dataset="row"), ["ftplan.yaml:18:18", '"row"', "rows"]),
    "an unknown provider": (lambda b: b.bot(provider="trainr"), ["ftplan.yaml:21:19", '"trainr"', "trainer"]),
    "an unknown type of provider": (lambda b: b.bot(providers={"trainer": {"type": "openay"}}), [
        "ftplan.yaml:5:5", "openay", "Did you mean 'openai'?"
    ]),
    "a missing dataset file": (missing_file, ["ftplan.yaml:12:15", "'rows.jsonl' does not exist", "Paths start at"]),
    "a row that is no JSON": (broken_row, ["rows.jsonl:7:", "dataset.rows", "complete on one line"]),
    "a row without an answer": (unusable_row, ["rows.jsonl:7", "no assistant message", "Add the answer"]),
    "a byte order mark": (marked_file, ["rows.jsonl:1:1", "without BOM"]),
    "too few rows": (few_rows, ["rows.jsonl", "3 rows", "at least 10", "Add rows"]),
    "a path out of the folder": (lambda b: b.declare({"bot": model(dataset="../rows.jsonl")}, {}), [
        "ftplan.yaml:14:18", "-allow-outside"
    ]),
    "a host that only the file names": (lambda b: b.bot(
        providers={"trainer": {"type": "openai", "base_url": "https://keys.example/v1"}}
    ), ["ftplan.yaml:5:5", "keys.example", "FTPLAN_ALLOWED_HOSTS=keys.example"]),
    "no key": (lambda b: b.bot(providers={"openai": {}}), ["ftplan.yaml:5:5", "export OPENAI_API_KEY="]),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_told_with_its_place_and_the_way_out(bench: Workbench, what: str) -> None:
    spoil, words = BAD[what]
    spoil(bench)
    for command in (("plan",), APPLY):
        done = refused(bench.run(*command))
        assert done.out == ""
        for word in words:
            assert word in done.said, done.err
    assert bench.bought() == (0, 0)
    assert not (bench.folder / STATE).exists()


STATES: dict[str, tuple[Callable[[str], str | bytes], list[str]]] = {
    "empty": (lambda good: "", ["Unreadable state", ".backup"]),
    "cut off": (lambda good: good[:200], ["Unreadable state", "line 10 column", ".backup"]),
    "no text": (lambda good: b"\xff\x00", ["Unreadable state", ".backup"]),
    "a list": (lambda good: "[]", ["Unreadable state", "not an object"]),
    "Terraform's": (lambda good: '{"version": 4, "terraform_version": "1.9.0"}', ["Foreign state"]),
    "of a newer version": (
        lambda good: re.sub(r'"version": \d+', '"version": 99', good, count=1),
        ["99", "Upgrade ftplan"],
    ),
    "of another project": (lambda good: good.replace('"bench"', '"other"'), ["'other'", "'bench'"]),
}


def test_a_state_that_cannot_be_used_is_never_taken_for_an_empty_one(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    good = (bench.folder / STATE).read_text()
    read = len(bench.requests("POST"))
    for what, (spoil, words) in STATES.items():
        bench.write(STATE, spoil(good))
        bad = (bench.folder / STATE).read_bytes()
        for command in (("plan",), APPLY, ("destroy", "-auto-approve"), ("show",), ("output",), ("state", "list")):
            done = refused(bench.run(*command))
            for word in [STATE, *words]:
                assert word in done.said, (what, command, done.err)
        assert (bench.folder / STATE).read_bytes() == bad, what
    assert len(bench.requests("POST")) == read


def test_a_state_that_is_a_link_or_a_folder_is_refused(bench: Workbench) -> None:
    bench.bot()
    (bench.folder / STATE).mkdir()
    assert "not a regular file" in refused(bench.run(*APPLY)).said
    (bench.folder / STATE).rmdir()
    os.symlink(bench.folder / "elsewhere.json", bench.folder / STATE)
    assert "symbolic link" in refused(bench.run(*APPLY)).said
    assert bench.bought() == (0, 0)


def test_a_key_that_is_not_accepted_is_told_as_that(bench: Workbench) -> None:
    bench.bot(providers={"openai": {}})
    bench.environ(OPENAI_BASE_URL=bench.sandbox.url, OPENAI_API_KEY="bad-key")
    for command in (("plan",), APPLY):
        done = refused(bench.run(*command))
        for word in ("ftplan.yaml:5:5", "401", "request req_", "Check that the key is whole"):
            assert word in done.said
        assert "bad-key" not in done.said
    assert {request["method"] for request in bench.requests()} == {"GET"}
    assert not (bench.folder / STATE).exists()


def test_what_needs_no_provider_needs_no_key(bench: Workbench) -> None:
    bench.bot(providers={"openai": {}})
    assert bench.run("validate").code == 0
    assert bench.run("show").code == 0
    assert bench.run("graph").code == 0
    bench.environ(OPENAI_API_KEY="bad-key", OPENAI_BASE_URL="http://127.0.0.1:1/v1")
    assert bench.run("plan", "-offline").code in (0, 10)


def test_a_service_that_cannot_be_reached_is_told_as_that(bench: Workbench) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    bench.bot(providers={"trainer": {"type": "sandbox", "base_url": f"http://127.0.0.1:{port}/v1"}})
    done = refused(bench.run(*APPLY))
    for word in ("ftplan.yaml:5:5", "Provider 'trainer'", "refused", "Try again later"):
        assert word in done.said
    assert not (bench.folder / STATE).exists()


class Front(http.server.BaseHTTPRequestHandler):
    """A web server that answers everything with a page, and 200."""

    def do_GET(self) -> None:
        page = b"<html><title>Please sign in</title></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def front() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_a_web_page_is_no_answer(bench: Workbench, front: str) -> None:
    bench.bot(providers={"trainer": {"type": "sandbox", "base_url": front}})
    done = refused(bench.run(*APPLY))
    for word in ("ftplan.yaml:5:5", "Provider 'trainer'", "No usable answer"):
        assert word in done.said
    assert "<html" not in done.said
    assert not (bench.folder / STATE).exists()


def test_variables_that_are_wrong_are_named(bench: Workbench) -> None:
    bench.bot(epochs="${var.epochs}", variables={"epochs": {"type": "integer"}})
    for words, said in {
        (): ["ftplan.yaml:24:5", "has no default", "-var epochs=VALUE", "FTPLAN_VAR_epochs"],
        ("-var=epochs=many",): ["ftplan.yaml:24:5", "a whole number", '"many"'],
        ("-var=epochs=1", "-var=epoch=2"): ['"epoch"', 'Did you mean "epochs"?'],
        ("-var=epochs",): ["-var NAME=VALUE"],
        ("-var-file=none.yaml",): ["none.yaml", "No such file"],
    }.items():
        done = refused(bench.run("plan", *words))
        for word in said:
            assert word in done.said, done.err


USAGE = {
    ("plan", "-frobnicate"): ["--frobnicate", "ftplan plan -help"],
    ("plann",): ["'plann'", "Did you mean 'plan'?"],
    ("state", "lst"): ["lst", "ftplan state -help"],
    ("plan", "extra"): ["extra", "ftplan plan -help"],
    ("plan", "-out"): ["--out", "requires an argument"],
    ("plan", "-target=bot"): ["-target", "model.NAME"],
    ("plan", "-target=model.bott"): ["-target=model.bott", "Did you mean model.bot?"],
    ("plan", "-exclude=model.bott"): ["-exclude=model.bott", "Did you mean model.bot?"],
    ("plan", "-replace=dataset.rows"): ["-replace=dataset.rows", "model.bot"],
    ("plan", "-target=model.bot", "-exclude=model.bot"): ["-target and -exclude"],
    ("plan", "-refresh-only", "-refresh=false"): ["-refresh=false"],
    ("plan", "-refresh-only", "-destroy"): ["-destroy and -refresh-only"],
    ("plan", "-destroy=maybe"): ["-destroy", "true or false", "'maybe'"],
    ("plan", "-parallelism=0"): ["--parallelism", "0"],
    ("plan", "-max-cost=cheap"): ["-max-cost", "'cheap'"],
    ("plan", "-lock-timeout=soon"): ["-lock-timeout", "'soon'"],
    ("-chdir=nowhere", "plan"): ["-chdir", "nowhere"],
    ("apply", "nofile"): ["nofile", "No such file"],
    ("show", "nofile"): ["nofile", "No such file"],
    ("output", "bott"): ["'bott'", "Did you mean bot?"],
    ("output", "-raw"): ["-raw takes one NAME"],
    ("output", "-raw", "bot"): ["has not been trained", "ftplan apply"],
    ("state", "show", "model.bot"): ["model.bot", "ftplan state list"],
    ("schema", "confg"): ["confg", "config"],
    ("force-unlock", "-force", "abc"): ["Nobody holds the lock"],
}


def test_a_command_line_that_makes_no_sense_is_told_why(bench: Workbench) -> None:
    bench.bot()
    for words, said in USAGE.items():
        done = refused(bench.run(*words))
        for word in said:
            assert word in done.said, (words, done.err)
        assert "╷" in done.err, words
    assert bench.bought() == (0, 0)


def test_a_starter_for_an_unknown_provider_is_not_written(bench: Workbench) -> None:
    assert "frob" in refused(bench.run("init", "-provider=frob")).said
    assert list(bench.folder.iterdir()) == []


def test_everything_that_is_wrong_is_told_at_once(bench: Workbench) -> None:
    bench.rows("few.jsonl", count=3)
    broken_row(bench)
    bench.declare(
        {
            "one": model(base_model="gpt-9"),
            "two": model(dataset="few.jsonl"),
            "three": model(dataset="missing.jsonl"),
            "four": model(suffix="four", method="dpo"),
        }
    )
    done = refused(bench.run("plan"))
    for word in ("gpt-9", "rows.jsonl:7", "3 rows", "missing.jsonl"):
        assert word in done.said, done.err
    told = json.loads(bench.run("validate", "-json").out)
    assert told["valid"] is False
    assert told["error_count"] == len(told["diagnostics"]) == 5


def test_a_row_is_never_quoted(bench: Workbench) -> None:
    unusable_row(bench)
    assert "parcel" not in bench.run("plan").said


def refused(done: Done) -> Done:
    assert done.code == 1, done.said
    assert "Error: " in done.err
    assert "Traceback" not in done.said
    assert "defect" not in done.said
    return done
