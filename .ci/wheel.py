"""Fails unless the wheel and the sdist carry what they must, byte for byte as it stands in the tree.

python .ci/wheel.py WHEEL SDIST
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(wheel: str, sdist: str) -> int:
    """1 where something is missing, differs, or should not be there."""
    wrong = [*_wheel_faults(wheel), *_sdist_faults(sdist)]
    for fault in wrong:
        print(fault)
    print(f"{Path(wheel).name} and {Path(sdist).name}: {len(wrong)} faults")
    return min(1, len(wrong))


def _wheel_faults(wheel: str) -> list[str]:
    expected = {f"ftplan/{path.relative_to(ROOT).as_posix()}": path for path in (ROOT / "schemas").glob("*.json")}
    expected |= {
        path.relative_to(ROOT).as_posix(): path
        for path in (ROOT / "ftplan").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    must = {"ftplan/py.typed", "ftplan/ARCHITECTURE.md", "ftplan/schemas/config.schema.json"}
    must.add("ftplan/providers/catalogs/openai.toml")
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
        papers = [name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    return [
        *(f"wheel: {name} is missing" for name in sorted(must - set(held))),
        *(f"wheel: {name} does not belong" for name in sorted(set(held) - set(expected))),
        *(
            f"wheel: {name} is missing or differs"
            for name, file in sorted(expected.items())
            if held.get(name) != file.read_bytes()
        ),
        *([] if papers else ["wheel: the licence is missing"]),
    ]


def _sdist_faults(sdist: str) -> list[str]:
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    must = {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "schemas/config.schema.json", ".ci/run"}
    must |= {"action.yml", ".pre-commit-hooks.yaml", "examples/gitlab/ftplan.gitlab-ci.yml"}
    return [f"sdist: {name} is missing" for name in sorted(must - held)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
