"""The contract of every provider, kept by this one in front of the emulator."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ftplan.core.facts import Phase
from ftplan.core.ports import JobRequest, Provider
from ftplan.core.spec import ProviderSpec
from ftplan.providers import connection, load_catalog, open_provider
from ftplan.providers.catalog import Limits
from ftplan.providers.openai import OpenAIProvider
from ftplan.providers.openai_clients import Patience
from ftplan.sandbox import RunningSandbox, start
from ftplan.testing import ListsJobsContract, ProviderContract

SANDBOX = ProviderSpec("rehearsal", "sandbox")


class TestOpenAI(ProviderContract, ListsJobsContract):
    @pytest.fixture
    def sandbox(self, tmp_path: Path) -> Iterator[RunningSandbox]:
        with start(tmp_path / "sandbox.sqlite", speed=1) as running:
            yield running

    @pytest.fixture
    def provider(self, sandbox: RunningSandbox) -> Provider:  # type: ignore[override]
        return open_provider(SANDBOX, environ={}, base_url=sandbox.url)

    @pytest.fixture
    def unreachable(self) -> Provider:
        with socket.socket() as closed:  # a port that nobody listens on
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        catalog = load_catalog("sandbox")
        return OpenAIProvider(connection(SANDBOX, catalog, {}, url), catalog, patience=Patience(read_retries=0))

    @pytest.fixture
    def jobs_asked_for(self, sandbox: RunningSandbox) -> Callable[[], int]:
        def asked() -> int:
            with urllib.request.urlopen(f"{sandbox.control_url}/requests") as answer:
                noted = json.load(answer)["data"]
            return sum(one["method"] == "POST" and one["path"].endswith("/fine_tuning/jobs") for one in noted)

        return asked

    def test_a_filter_that_the_service_ignores_changes_nothing(
        self, provider: Provider, order: JobRequest, sandbox: RunningSandbox
    ) -> None:
        provider.start_job(order)
        rule = json.dumps([{"ignore_metadata_filter": True}]).encode()
        urllib.request.urlopen(urllib.request.Request(f"{sandbox.control_url}/faults", rule, method="POST")).close()
        assert not provider.find_jobs({"ftplan_key": "key-2"})

    def test_where_jobs_carry_no_metadata_none_is_sent_and_nothing_searched(
        self, sandbox: RunningSandbox, order: JobRequest
    ) -> None:
        catalog = load_catalog("sandbox")
        bare = OpenAIProvider(connection(SANDBOX, catalog, {}, sandbox.url), catalog, limits=Limits(metadata_pairs=0))
        assert not bare.capabilities().searches_jobs
        job = bare.start_job(order)
        assert [(listed.id, listed.metadata) for listed in bare.list_jobs(0)] == [(job.id, {})]

    def test_an_order_is_understood(self, provider: Provider, order: JobRequest) -> None:
        job = provider.start_job(order)
        assert job.phase in (Phase.VALIDATING, Phase.QUEUED)
        assert (job.model, job.suffix, job.seed) == ("gpt-4.1-mini-2025-04-14", "contract", 7)
        assert job.hyperparameters["n_epochs"] == 1

    def test_a_base_model_tells_its_last_day(self, provider: Provider) -> None:
        base = provider.get_model("gpt-4.1-mini-2025-04-14")
        assert base is not None
        assert base.shutdown == provider.catalog.models[base.id].shutdown
