"""What a rule is, and who says so: the pages that the rules of datasets are taken from.

An error stands for what the service refuses, or takes and ruins. Where its pages leave that open it is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass

from ftplan.errors import Place, Problem, Severity

API = "OpenAI's API description, fine-tuning row schemas"
CHAT = "OpenAI's API description, chat message schemas"
GUIDE = "OpenAI's guide to supervised fine-tuning"
VISION = "OpenAI's guide to vision fine-tuning"
PREFERENCES = "OpenAI's guide to direct preference optimization"
REINFORCEMENT = "OpenAI's guide to reinforcement fine-tuning"
JSON = "RFC 8259 and the JSON Lines description"
COOKBOOK = "OpenAI's cookbook, data preparation for chat fine-tuning"
MICROSOFT = "Microsoft's guides to fine-tuning and to reasoning models, for the same wire"
FILES = "OpenAI's API description, files and uploads"
ANSWERS = "OpenAI's chat API, by the requests it answers with an error"
CARE = "ftplan"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `summary` is the constant headline of a message, `says` the sentence in the table of rules."""

    name: str
    summary: str
    says: str
    source: str
    level: Severity = "error"

    def problem(self, detail: str, place: Place | None = None, advice: str = "") -> Problem:
        """The problem that this rule is broken at `place`."""
        return Problem(self.summary, detail, place, advice, severity=self.level, rule=self.name)
