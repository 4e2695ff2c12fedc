"""One file to a provider: found there, or sent once, then waited for."""

from __future__ import annotations

from ftplan.core.desired import account
from ftplan.core.events import FileStored
from ftplan.core.facts import RemoteFile, RemoteJob
from ftplan.core.notices import StepDone, StepStarted, UploadProgress, Waiting
from ftplan.core.ports import Provider, UploadRequest
from ftplan.core.recipe import carries
from ftplan.core.records import FileRecord
from ftplan.core.steps import Adopt, Train, Upload
from ftplan.engine.context import Run, pause_asked_for
from ftplan.engine.effects import Action, Pause, Record, Say, do
from ftplan.errors import OutcomeUnknown, Problem, ProviderError, Rejected, Unreachable

TRIES = 3
FILE_POLL_SECONDS = 1.0
PROCESSING_SECONDS = 1800.0
BUSY_SECONDS = 10.0
# From an upload to the call for a job on it: the file is checked in between.
YOUNG_SECONDS = 900.0


def upload(run: Run, step: Upload) -> Action[None]:
    """The file of `step` at its provider, ready, and remembered."""
    begun = run.clock.monotonic()
    provider = run.providers[step.provider]
    found = yield from _find(provider, step)
    yield Say(StepStarted(step.address, "Adopting" if found else "Uploading", f"{step.bytes:,} bytes"))
    if found is not None:
        yield from _let_lists_catch_up(run, step, found)
    file = found or (yield from _send(run, provider, step, search=provider.capabilities().searches_files))
    file = yield from _until_ready(run, provider, step, file)
    yield Record(FileStored(_record(run, step.provider, step.address.name, file)))
    yield Say(StepDone(step.address, "Adopting" if found else "Uploading", file.id, run.clock.monotonic() - begun))


def _let_lists_catch_up(run: Run, step: Upload, file: RemoteFile) -> Action[None]:
    """A file that came here moments ago, and no state: perhaps one was lost a moment ago, and a job with it that the
    lists do not show yet. What is trained on this file is looked for only once they would."""
    age = run.clock.now().timestamp() - file.created_at
    lag = run.list_lag(step.provider)
    if run.from_nothing and age < YOUNG_SECONDS and lag > 0:
        yield Say(Waiting(step.address, "its file was sent moments ago, and no state says by whom; looking again", lag))
        yield Pause(lag)


def upload_copy(run: Run, step: Upload) -> Action[RemoteFile]:
    """A new file at the provider, ready, whatever other copies it has. The state does not hear of it."""
    provider = run.providers[step.provider]
    file = yield from _send(run, provider, step, search=False)
    return (yield from _until_ready(run, provider, step, file))


def _find(provider: Provider, step: Upload) -> Action[RemoteFile | None]:
    if not provider.capabilities().searches_files:
        return None
    return (yield from do("find_file", lambda: provider.find_file(step.sha256, step.bytes)))


def _send(run: Run, provider: Provider, step: Upload, *, search: bool) -> Action[RemoteFile]:
    """Sends the file. After a lost answer it is looked for before it is sent again; a second copy costs nothing,
    so the looking is not waited out."""
    request = UploadRequest(step.filename, step.bytes, step.sha256, lambda: run.open_dataset(step.address.name))

    def progress(sent: int) -> None:
        run.tell(UploadProgress(step.address, sent, step.bytes))

    tries = 1
    while True:
        try:
            return (yield from do(f"put_file {step.address}", lambda: provider.put_file(request, progress)))
        except OutcomeUnknown:
            found = (yield from _find(provider, step)) if search else None
            if found is not None:
                return found
            if tries == TRIES:
                raise
            yield Pause(FILE_POLL_SECONDS)
        except Rejected as refusal:
            if not refusal.busy or tries == TRIES:
                raise
            seconds = pause_asked_for(refusal.retry_after, BUSY_SECONDS)
            yield Say(Waiting(step.address, "the provider takes no more files just now", seconds))
            yield Pause(seconds)
        tries += 1


def _until_ready(run: Run, provider: Provider, step: Upload, file: RemoteFile) -> Action[RemoteFile]:
    begun, file_id = run.clock.monotonic(), file.id
    while file.ready is None and run.clock.monotonic() - begun < PROCESSING_SECONDS:
        yield Pause(min(FILE_POLL_SECONDS, run.poll(step.provider)))
        try:
            again = yield from do("get_file", lambda: provider.get_file(file_id))
        except Unreachable:
            continue
        file = again or RemoteFile(file.id, file.filename, file.bytes, ready=False, detail="it is gone")
    if file.ready:
        return file
    why = file.detail or ("it is still being processed" if file.ready is None else "the provider gives no reason")
    raise ProviderError(
        Problem(
            "File not usable",
            f"{step.address}: the provider cannot use file {file.id}: {why}.",
            address=str(step.address),
            advice="Nothing was started on it.",
        )
    )


def adopt_files(run: Run, step: Train | Adopt, job: RemoteJob) -> Action[None]:
    """Remembers the files of a job that was taken over, so that the next training need not look for them. A file
    counts only where its name carries today's hash; what cannot be seen now is found when it is needed."""
    spec = run.declared(step.address).spec
    for dataset, file_id in ((spec.dataset, job.training_file), (spec.validation, job.validation_file)):
        if not dataset or not file_id:
            continue
        facts = run.desired.datasets[dataset]
        if (step.provider, facts.content_sha256) in run.state().files:
            continue
        file = yield from _seen(run.providers[step.provider], file_id)
        if file is not None and file.ready and carries(file.filename, facts.sha256):
            yield Record(FileStored(_record(run, step.provider, dataset, file)))


def _seen(provider: Provider, file_id: str) -> Action[RemoteFile | None]:
    try:
        return (yield from do("get_file", lambda: provider.get_file(file_id)))
    except ProviderError:
        return None


def _record(run: Run, provider: str, dataset: str, file: RemoteFile) -> FileRecord:
    facts = run.desired.datasets[dataset]
    return FileRecord(
        provider=provider,
        content_sha256=facts.content_sha256,
        sha256=facts.sha256,
        bytes=facts.bytes,
        filename=file.filename,
        id=file.id,
        uploaded_at=run.clock.now().isoformat(timespec="seconds"),
        datasets=(dataset,),
        account=account(run.desired.project.providers[provider]),
    )
