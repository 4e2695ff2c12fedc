"""Compiles and imports every module of the installed ftplan on the Python that runs this; a warning is a failure.

python -W error .ci/importable.py
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from pathlib import Path
from pkgutil import walk_packages


def main() -> int:
    """0; what cannot be compiled or imported raises."""
    spec = importlib.util.find_spec("ftplan")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(next(iter(spec.submodule_search_locations)))
    for path in sorted(folder.rglob("*.py")):
        compile(path.read_bytes(), str(path), "exec")  # SyntaxWarning too: the compiled files of pip hide it
    warnings.simplefilter("ignore")  # what other packages warn of is theirs
    names = [module.name for module in walk_packages([str(folder)], "ftplan.") if not module.name.endswith("__main__")]
    for name in names:
        importlib.import_module(name)
    print(f"Python {sys.version.split()[0]}: {len(names)} modules of {folder} compiled and imported")
    return 0


if __name__ == "__main__":
    sys.exit(main())
