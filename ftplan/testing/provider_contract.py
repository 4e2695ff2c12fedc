"""What every provider has to keep, as tests to inherit."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable

import pytest

from ftplan.core.facts import RemoteFile
from ftplan.core.ports import JobRequest, ListsJobs, Provider, UploadRequest
from ftplan.core.recipe import upload_name
from ftplan.errors import Unreachable

_ROWS = [
    {"messages": [{"role": "user", "content": f"Ticket {n}?"}, {"role": "assistant", "content": f"Answer {n}."}]}
    for n in range(12)
]


def upload_of(content: bytes, dataset: str = "contract") -> UploadRequest:
    """A request to send exactly these bytes."""
    sha256 = hashlib.sha256(content).hexdigest()
    return UploadRequest(upload_name(dataset, sha256), len(content), sha256, lambda: io.BytesIO(content))


class ServiceFixtures:
    """What the contracts ask for. Override `provider`, and the others where they differ."""

    @pytest.fixture
    def provider(self) -> Provider:
        """An empty service, with nothing on it that another test made."""
        raise NotImplementedError("override the fixture `provider`")

    @pytest.fixture
    def unreachable(self) -> Provider:
        """The same provider in front of a service that does not answer."""
        pytest.skip("the fixture `unreachable` is not overridden")

    @pytest.fixture
    def jobs_asked_for(self) -> Callable[[], int]:
        """How many requests to start a job have reached the service so far."""
        pytest.skip("the fixture `jobs_asked_for` is not overridden")

    @pytest.fixture
    def base_model(self) -> str:
        return "gpt-4.1-mini-2025-04-14"

    @pytest.fixture
    def content(self) -> bytes:
        """A dataset that the service can train `base_model` on."""
        return b"".join(json.dumps(row).encode() + b"\n" for row in _ROWS)

    @pytest.fixture
    def sent(self, provider: Provider, content: bytes) -> RemoteFile:
        return provider.put_file(upload_of(content), lambda sent: None)

    @pytest.fixture
    def order(self, base_model: str, sent: RemoteFile) -> JobRequest:
        return JobRequest(
            base_model=base_model,
            training_file=sent.id,
            validation_file=None,
            method="supervised",
            n_epochs=1,
            hyperparameters={},
            grader=None,
            suffix="contract",
            seed=7,
            metadata={"ftplan_key": "key-1", "ftplan_project": "contract", "team": "tests"},
        )


class ProviderContract(ServiceFixtures):
    """What the engine relies on in every `Provider`."""

    def test_none_means_asked_and_gone(self, provider: Provider) -> None:
        assert provider.get_file("file-neverwas") is None
        assert provider.get_job("ftjob-neverwas") is None
        assert provider.get_model("ft:never:was::one") is None

    def test_silence_is_not_gone(self, unreachable: Provider) -> None:
        for ask in (unreachable.get_file, unreachable.get_job, unreachable.get_model):
            with pytest.raises(Unreachable):
                ask("some-id")
        with pytest.raises(Unreachable):
            unreachable.find_jobs({"ftplan_key": "key-1"})
        with pytest.raises(Unreachable):
            unreachable.find_file("0" * 64, 1)

    def test_an_upload_is_found_again_by_its_content(
        self, provider: Provider, sent: RemoteFile, content: bytes
    ) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        found = provider.find_file(sha256, len(content))
        assert found is not None
        assert found.id == sent.id
        assert provider.find_file(sha256, len(content) + 1) is None
        assert provider.find_file("0" * 64, len(content)) is None

    def test_progress_of_an_upload_ends_at_its_size(self, provider: Provider, content: bytes) -> None:
        seen: list[int] = []
        provider.put_file(upload_of(content), seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == len(content)

    def test_a_started_job_was_asked_for_once(
        self, provider: Provider, order: JobRequest, jobs_asked_for: Callable[[], int]
    ) -> None:
        before = jobs_asked_for()
        provider.start_job(order)
        assert jobs_asked_for() == before + 1

    def test_a_started_job_is_shown_and_keeps_its_metadata(self, provider: Provider, order: JobRequest) -> None:
        started = provider.start_job(order)
        shown = provider.get_job(started.id)
        assert shown is not None
        assert shown.metadata == order.metadata
        assert shown.training_file == order.training_file

    def test_a_job_is_found_only_by_marks_it_carries(self, provider: Provider, order: JobRequest) -> None:
        job = provider.start_job(order)
        assert [found.id for found in provider.find_jobs({"ftplan_key": "key-1"})] == [job.id]
        assert [found.id for found in provider.find_jobs({"ftplan_key": "key-1", "team": "tests"})] == [job.id]
        assert not provider.find_jobs({"ftplan_key": "key-1", "team": "others"})
        assert not provider.find_jobs({"ftplan_key": "key-2"})

    def test_jobs_are_found_oldest_first(self, provider: Provider, order: JobRequest) -> None:
        for _ in range(2):
            provider.start_job(order)
        made = [job.created_at for job in provider.find_jobs({"ftplan_key": "key-1"})]
        assert len(made) == 2
        assert made == sorted(made)

    def test_a_cancelled_job_settles(self, provider: Provider, order: JobRequest) -> None:
        job = provider.start_job(order)
        cancelled = provider.cancel_job(job.id)
        assert cancelled is not None
        assert cancelled.phase.settled
        assert provider.cancel_job("ftjob-neverwas") is None

    def test_what_is_deleted_twice_was_gone_the_second_time(self, provider: Provider, sent: RemoteFile) -> None:
        assert provider.delete_file(sent.id) is True
        assert provider.delete_file(sent.id) is False
        assert provider.get_file(sent.id) is None
        assert provider.delete_model("ft:never:was::one") is False


class ListsJobsContract(ServiceFixtures):
    """What the engine relies on in a provider that is `ListsJobs`, to find a call whose answer was lost."""

    @pytest.fixture
    def listing(self, provider: Provider) -> ListsJobs:
        assert isinstance(provider, ListsJobs)
        return provider

    def test_every_job_is_listed_oldest_first(self, provider: Provider, listing: ListsJobs, order: JobRequest) -> None:
        started = {provider.start_job(order).id for _ in range(3)}
        listed = listing.list_jobs(0)
        assert {job.id for job in listed} == started
        assert [job.created_at for job in listed] == sorted(job.created_at for job in listed)

    def test_a_listing_begins_at_its_moment(self, provider: Provider, listing: ListsJobs, order: JobRequest) -> None:
        job = provider.start_job(order)
        assert [listed.id for listed in listing.list_jobs(job.created_at)] == [job.id]
        assert not listing.list_jobs(job.created_at + 1)

    def test_a_listed_job_names_the_file_it_was_started_with(
        self, provider: Provider, listing: ListsJobs, order: JobRequest
    ) -> None:
        job = provider.start_job(order)
        assert [(listed.id, listed.training_file) for listed in listing.list_jobs(0)] == [(job.id, order.training_file)]

    def test_silence_is_no_empty_list(self, unreachable: Provider) -> None:
        assert isinstance(unreachable, ListsJobs)
        with pytest.raises(Unreachable):
            unreachable.list_jobs(0)
