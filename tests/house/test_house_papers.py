"""What the project says of itself, held against what it is: the picture, the version, the schemas, the licence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import ftplan
from ftplan.config.schema import load_schema, names

ROOMS = re.compile(r"^\| `(\w+)/` \|", re.MULTILINE)
MODULES = re.compile(r"`((?:\w+/)*\w+\.py)`")
HEADINGS = re.compile(r"^## \[(.+?)\]", re.MULTILINE)


def test_the_picture_names_every_room_and_no_other(root: Path) -> None:
    rooms = [path.parent.name for path in (root / "ftplan").glob("*/__init__.py")]
    assert sorted(ROOMS.findall(_picture(root))) == sorted(rooms)


def test_every_module_the_picture_names_is_there(root: Path) -> None:
    named = MODULES.findall(_picture(root))
    assert named
    assert [name for name in named if not (root / "ftplan" / name).is_file()] == []


def test_the_newest_heading_of_the_changelog_is_this_version(root: Path) -> None:
    headings = HEADINGS.findall((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert headings[0] == ftplan.__version__


def test_every_published_schema_is_the_one_we_read(root: Path) -> None:
    published = sorted(path.name.removesuffix(".schema.json") for path in (root / "schemas").glob("*.schema.json"))
    assert published
    assert names() == published
    for name in published:
        assert load_schema(name) == json.loads((root / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", names())
def test_a_schema_is_valid_2020_12(name: str) -> None:
    schema = load_schema(name)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


def test_no_two_schemas_share_an_id() -> None:
    identities = [load_schema(name)["$id"] for name in names()]
    assert len(set(identities)) == len(identities)


def test_the_licence_is_apache_2(root: Path) -> None:
    title = (root / "LICENSE").read_text(encoding="utf-8").split()[:4]
    assert title == ["Apache", "License", "Version", "2.0,"]
    assert 'license = "Apache-2.0"' in (root / "pyproject.toml").read_text(encoding="utf-8")


def _picture(root: Path) -> str:
    return (root / "ftplan" / "ARCHITECTURE.md").read_text(encoding="utf-8")
