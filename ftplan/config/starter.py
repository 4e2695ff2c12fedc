"""The files of a new project, for `ftplan init`: a configuration that teaches, and data that can be trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ftplan.config.decode import clean_name
from ftplan.config.schema import load_schema

SCHEMA_PATH = ".ftplan/config.schema.json"

_CONFIG = """\
# yaml-language-server: $schema=@SCHEMA@
# Models that are fine-tuned, declared. `ftplan plan` says what would be done and what it would cost,
# `ftplan apply` does it. Every key is explained in the schema above; most editors show it as you type.
version: 1
project: @PROJECT@

providers:
@PROVIDER@

datasets:
  triage:
    path: data/train.jsonl

models:
  support-triage:
    # What to train: a model's id, or model.OTHER to go on from another model of this file.
    base_model: gpt-4.1-mini-2025-04-14
    dataset: triage
    # How often to go through the data, or auto to leave it to the service.
    epochs: 3
    # Becomes part of the model's id.
    suffix: triage
    # Makes a training repeatable as far as the service can.
    seed: 7

# No apply may start what is estimated to cost more than this, in USD.
budget:
  max_total: 5
"""
_SANDBOX = """\
  # An emulator inside of ftplan: no key, no network, no bill. To train at OpenAI, change the one word
  # sandbox to openai and put your key in OPENAI_API_KEY.
  trainer: {type: sandbox}"""
_OTHER = """\
  # The key comes from the environment, never from this file. To rehearse without a key, without a network
  # and without a bill, change the one word @TYPE@ to sandbox.
  trainer: {type: @TYPE@}"""
_GITIGNORE = """\
# What was trained, with whom: keep the state where your team can reach it (`state:` in ftplan.yaml), not in git.
ftplan.state.json*
.ftplan.state.json*
# Saved plans are used once.
*.plan
.ftplan/*
!.ftplan/config.schema.json
"""
_TASK = "You sort support tickets. Answer with JSON that has the keys queue, urgency and summary."
_TICKETS = (
    ("I was charged twice for March. Please refund one of the payments.", "billing", "normal", "Charged twice"),
    ("Nobody in our office can sign in since 8 this morning!", "access", "high", "Sign-in down for an office"),
    ("Where do I find the invoice for last month?", "billing", "low", "Looks for an invoice"),
    ("The export button does nothing in Firefox. In Chrome it works.", "bug", "normal", "Export fails in Firefox"),
    ("Could you add a dark theme? My eyes would thank you.", "idea", "low", "Wishes for a dark theme"),
    ("I forgot my password and the reset mail never arrives.", "access", "normal", "Reset mail missing"),
    ("All reports are empty since the update and the board meets at noon.", "bug", "high", "Reports are empty"),
    ("We are now 40 people. What would the bigger plan cost us?", "sales", "normal", "Asks for a bigger plan"),
    ("Please delete my account and everything you store about me.", "privacy", "normal", "Wants data deleted"),
    ("Someone else's name is shown in my profile. Can they read my files?", "privacy", "high", "Foreign profile"),
    ("Your app is great, thank you!", "feedback", "low", "Praise"),
    ("Uploading a file of 2 GB stops at 99 % every time.", "bug", "normal", "Large upload stops"),
    ("My card expired. How do I enter the new one?", "billing", "normal", "Needs to change the card"),
    ("Is there an API with which I can create tickets?", "question", "low", "Asks about the API"),
    ("A colleague has left. Please move her projects to me.", "access", "normal", "Move projects"),
    ("Can we pay by bank transfer instead of by card?", "sales", "low", "Asks about bank transfer"),
)


def starter_files(project_name: str, provider_type: str = "sandbox") -> Mapping[str, str]:
    """What `ftplan init` writes: the text of each file by its path, relative to the new project's folder.

    The schema is written beside the configuration, so that editors find it without a network.
    """
    provider = (_SANDBOX if provider_type == "sandbox" else _OTHER).replace("@TYPE@", provider_type)
    config = _CONFIG.replace("@SCHEMA@", SCHEMA_PATH).replace("@PROVIDER@", provider)
    return {
        "ftplan.yaml": config.replace("@PROJECT@", _as_yaml(clean_name(project_name))),
        "data/train.jsonl": "".join(_row(*ticket) for ticket in _TICKETS),
        ".gitignore": _GITIGNORE,
        SCHEMA_PATH: json.dumps(load_schema("config"), indent=2, ensure_ascii=False) + "\n",
    }


def _as_yaml(name: str) -> str:
    """A legal name can still be a word that YAML reads as something else."""
    return f'"{name}"' if name.casefold() in ("null", "true", "false", "yes", "no", "on", "off", "y", "n") else name


def _row(ticket: str, queue: str, urgency: str, summary: str) -> str:
    answer = json.dumps({"queue": queue, "urgency": urgency, "summary": summary})
    messages = [
        {"role": "system", "content": _TASK},
        {"role": "user", "content": ticket},
        {"role": "assistant", "content": answer},
    ]
    return json.dumps({"messages": messages}, ensure_ascii=False) + "\n"
