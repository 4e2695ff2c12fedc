"""What ftplan reads. YAML in, a Project out; every problem with its line, column and excerpt.

Importing this room costs little: the YAML parser and the schema validator are loaded when first used.
"""

from __future__ import annotations

from ftplan.config.load import Loaded, find_config, load_project
from ftplan.config.overrides import Overrides, load_overrides

__all__ = ["Loaded", "Overrides", "find_config", "load_overrides", "load_project"]
