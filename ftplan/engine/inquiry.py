"""Questions to models as they are put, and how far their asking has gone: values."""

from __future__ import annotations

from dataclasses import dataclass

from ftplan.core.comparing.questions import Question


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the name of the provider whose model is asked."""

    provider: str
    question: Question


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Questions, and the keys that their answers are kept by, in the same order: worked out once, since hashing many
    long prompts takes its time."""

    asked: tuple[Asked, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """How far the asking has gone: questions that are answered, of `total`, of which `kept` were answered before, and
    the tokens of those that were asked now."""

    done: int
    total: int
    kept: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
