"""A stub of the wire, and providers in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from wire_stub import CANARY, Stub, running

from ftplan.core.ports import JobRequest
from ftplan.core.spec import ProviderSpec
from ftplan.providers import Connection, connection, load_catalog
from ftplan.providers.openai import OpenAIProvider
from ftplan.providers.openai_clients import Patience


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running() as stub:
        yield stub


@pytest.fixture
def connect(stub: Stub) -> Callable[..., Connection]:
    """A connection of type openai to the stub, its environment given by keywords."""

    def made(**environ: str) -> Connection:
        spec = ProviderSpec("openai", "openai")
        return connection(
            spec,
            load_catalog("openai"),
            {"OPENAI_API_KEY": CANARY, "OPENAI_BASE_URL": stub.url, **environ},
        )

    return made


@pytest.fixture
def provider(connect: Callable[..., Connection]) -> OpenAIProvider:
    return OpenAIProvider(connect(), load_catalog("openai"))


@pytest.fixture
def impatient(connect: Callable[..., Connection]) -> OpenAIProvider:
    """One that gives up on silence soon: not so soon that a busy machine is taken for a silent service."""
    patience = Patience(read_retries=0, read_seconds=2.0, write_seconds=2.0, upload_seconds=2.0)
    return OpenAIProvider(connect(), load_catalog("openai"), patience=patience)


@pytest.fixture
def order() -> Callable[..., JobRequest]:
    def made(**fields: Any) -> JobRequest:
        plain: dict[str, Any] = {
            "base_model": "gpt-4.1-mini-2025-04-14",
            "training_file": "file-1",
            "validation_file": None,
            "method": "supervised",
            "n_epochs": "auto",
            "hyperparameters": {},
            "grader": None,
            "suffix": None,
            "seed": None,
            "metadata": {"ftplan_key": "k"},
        }
        return JobRequest(**{**plain, **fields})

    return made
