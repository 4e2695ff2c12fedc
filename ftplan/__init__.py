"""ftplan: Terraform for fine-tuned models.

    import ftplan

    ftplan.model("support-prod").id

is the model that an alias stands for, or a model by its own name, read from the state of the project in this folder.
What these names are is declared in `__init__.pyi`.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "FtplanError": "ftplan.errors",
    "Model": "ftplan.cli.remembering.handed_out",
    "model": "ftplan.cli.remembering.handed_out",
}


def __getattr__(name: str) -> Any:
    """What is asked for by name, imported when it is: `import ftplan` alone loads nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ftplan' has no attribute {name!r}")
    # Not importlib: core takes the version from here, and touches nothing outside.
    return getattr(__import__(_HOMES[name], fromlist=(name,)), name)
