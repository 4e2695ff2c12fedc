"""The survey of the house, taken once a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from survey import ROOT, Module, files, modules


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def ftplan_modules() -> list[Module]:
    return modules("ftplan")


@pytest.fixture(scope="session")
def test_modules() -> list[Module]:
    return modules("tests")


@pytest.fixture(scope="session")
def project_files() -> list[Path]:
    return files()
