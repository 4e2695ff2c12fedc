"""Every file that a commit carries: readable anywhere, and holding nothing that belongs to one machine or person."""

from __future__ import annotations

import re
from pathlib import Path

# A home or work folder of somebody's machine. Ann is nobody: she stands in tests that need a home.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:root|work|(?:Users|home)/(?!ann\b)\w+|tmp/\w+_jobs)/")
# The forms in which services hand out keys, long enough to be one: OpenAI, GitHub, AWS, Google, PyPI, Slack, PEM.
SECRET = re.compile(
    r"\bsk-[\w-]*[A-Za-z0-9]{32}|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}"
    r"|\bpypi-[\w-]{32}|\bxox[abprs]-[\w-]{20}|-----BEGIN [A-Z ]*PRIVATE KEY"
)


def test_every_file_is_utf_8_with_plain_line_ends(root: Path, project_files: list[Path]) -> None:
    odd = [str(path.relative_to(root)) for path in project_files if not _is_plain(path.read_bytes())]
    assert not odd, "\n".join(odd)


def test_no_file_holds_a_tab(root: Path, project_files: list[Path]) -> None:
    # OPA's own formatter indents Rego by tabs.
    others = [path for path in project_files if path.suffix != ".rego"]
    found = _lines(root, others, re.compile(r"\t"))
    assert not found, "\n".join(found)


def test_no_file_holds_a_path_of_one_machine(root: Path, project_files: list[Path]) -> None:
    found = _lines(root, project_files, MACHINE_PATH)
    assert not found, "\n".join(found)


def test_no_file_holds_a_secret(root: Path, project_files: list[Path]) -> None:
    found = _lines(root, project_files, SECRET)
    assert not found, "\n".join(found)


def _is_plain(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\r" not in raw and (not raw or raw.endswith(b"\n"))


def _lines(root: Path, paths: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(root)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
