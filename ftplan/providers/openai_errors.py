"""What the service's refusals and silences mean, in our words. No exception of the SDK's or of the HTTP library's
leaves this room, and none of our messages holds a key."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from ftplan.core.catalog import Catalog
from ftplan.errors import FtplanError, NotAllowed, OutcomeUnknown, Problem, ProviderError, Rejected, Unreachable
from ftplan.providers.connection import Connection
from ftplan.providers.openai_failures import Failure, envelope_of, never_left, retry_after, says_gone, strange
from ftplan.providers.openai_wire import BadId

TEXT_LIMIT = 300
# Only these say with certainty that nothing was done. 409, 408 and 5xx have been seen after the work was done.
_REFUSALS = (400, 401, 403, 404, 413, 422)
_SECRET = re.compile(r"(sk-|Bearer\s+)[^\s\"',;<>]{4,}")
_CONTROL = re.compile(r"[^\x20-\x7e\xa0-\u167f\u2010-\u2027\u2030-\u205e\u2070-\ud7ff]+")


class Translator:
    """Turns failures of one connection into ours."""

    def __init__(self, connection: Connection, catalog: Catalog) -> None:
        self._connection = connection
        self._catalog = catalog

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Failures of a read: `NotAllowed` or `Unreachable`. `what` completes "could not ..."."""
        with self._translating(what, self._unread):
            yield

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Failures of a write: `Rejected` or `OutcomeUnknown`."""
        try:
            with self._translating(what, self._unwritten):
                yield
        except NotAllowed as error:
            raise Rejected(error.problems, request_id=error.request_id) from None

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Failures of a question to a model: `Rejected` for what will be refused again, `NotAllowed` for the key, and
        `Unreachable` for the rest, which may go well later."""
        with self._translating(what, self._unanswered):
            yield

    def clean(self, text: str) -> str:
        """Foreign text made harmless: no key, no control characters, cut."""
        key = self._connection.api_key or ""
        if len(key) >= 8:
            for spelling in {key, quote(key, safe=""), base64.b64encode(key.encode()).decode()}:
                text = text.replace(spelling, "[key]")
        text = _CONTROL.sub(" ", _SECRET.sub("[key]", text)).strip()
        return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"

    @contextmanager
    def _translating(self, what: str, ours: Callable[[Failure], ProviderError]) -> Iterator[None]:
        try:
            yield
        except FtplanError:
            raise
        except BadId as error:
            raise self._bad_id(what, error, ours) from None
        except Exception as error:
            # Not only the SDK's own exceptions: an answer that is no JSON, or JSON of another shape, comes out as
            # whatever it broke. `from None`, since a traceback would show the request with its headers.
            raise ours(self._failure(what, error)) from None

    def _failure(self, what: str, error: Exception) -> Failure:
        response = getattr(error, "response", None)
        if response is None or response.is_success:
            story = f"{self._who} could not {what}: {self._silence(error)}."
            unsendable = isinstance(error, UnicodeError)
            return Failure(0, story, is_unsendable=unsendable, was_sent=not (unsendable or never_left(error)))
        envelope = envelope_of(response)
        code, message = self.clean(str(envelope.get("code") or "")), envelope.get("message")
        said = (self.clean(message) if isinstance(message, str) else strange(response)).rstrip(".")
        request_id = self.clean(response.headers.get("x-request-id", ""))
        return Failure(
            status=response.status_code,
            story=f"{self._who} could not {what}: it answered {f'{response.status_code} {code}'.strip()}: {said}"
            + (f" (request {request_id})." if request_id else "."),
            code=code,
            kind=str(envelope.get("type") or ""),
            request_id=request_id,
            retry_after=retry_after(response.headers),
            says_gone=says_gone(error),
        )

    @property
    def _who(self) -> str:
        return f"Provider {self._connection.name!r}"

    @property
    def _where(self) -> str:
        """The address that was asked, which holds no secret: a URL with a password in it is refused before."""
        return self.clean(self._connection.base_url or "")

    def _silence(self, error: Exception) -> str:
        if "Timeout" in type(error).__name__:
            return f"{self._where} did not answer in time"
        cause = error.__cause__ or error
        words = self.clean(str(cause)).rstrip(".") or type(cause).__name__
        failed = type(error).__name__ == "APIConnectionError"
        return f"the connection to {self._where} failed ({words})" if failed else f"its answer makes no sense ({words})"

    def _unread(self, failure: Failure) -> ProviderError:
        if failure.status in (401, 403):
            return NotAllowed(self._not_allowed(failure), request_id=failure.request_id)
        passing = failure.status == 0 or failure.status == 429 or failure.status >= 500
        error = Unreachable(
            self._problem("No usable answer", failure.story, "Try again later." if passing else ""),
            request_id=failure.request_id,
        )
        error.retry_after = failure.retry_after
        return error

    def _unanswered(self, failure: Failure) -> ProviderError:
        if failure.status in (400, 413, 422) or failure.code == "insufficient_quota":
            return self._unwritten(failure)
        if failure.is_unsendable:
            return self._refused(failure, self._problem("A question that cannot be sent", failure.story))
        # A tuned model is unknown for some minutes after it was made: a 404 may pass as well.
        error = self._unread(failure)
        if isinstance(error, Unreachable):
            error.is_missing = failure.says_gone
            # A service bills what it has answered, whether or not the answer came.
            error.may_be_paid = failure.status == 0 and failure.was_sent
        return error

    def _unwritten(self, failure: Failure) -> ProviderError:
        story = failure.story
        if failure.status == 403 and failure.code == "training_not_available":
            return self._refused(failure, self._winding_down(story))
        if failure.status in (403, 429) and failure.code == "insufficient_quota":
            advice = "Add credit or raise the limit on the service's billing page."
            return self._refused(failure, self._problem("No credit left", story, advice))
        if failure.status in (401, 403):
            return self._refused(failure, self._not_allowed(failure))
        if failure.status in _REFUSALS:
            return self._refused(failure, self._problem("The provider refused", story))
        if failure.status == 429 and failure.is_the_services_own:
            busy = self._refused(failure, self._problem("The provider is busy", story, "Try again later."))
            busy.busy, busy.retry_after = True, failure.retry_after
            return busy
        doubt = f"{story} It may have been done all the same: look before it is tried again."
        return OutcomeUnknown(self._problem("The outcome is not known", doubt), request_id=failure.request_id)

    def _refused(self, failure: Failure, problem: Problem) -> Rejected:
        return Rejected(problem, request_id=failure.request_id)

    def _not_allowed(self, failure: Failure) -> Problem:
        if failure.status == 401:
            advice = "Check that the key is whole, belongs to this service, and has not been revoked."
            return self._problem("The key was not accepted", failure.story, advice)
        advice = "Ask an owner of the organization for a key with this right, or use another project's key."
        return self._problem("The key lacks a right", failure.story, advice)

    def _winding_down(self, story: str) -> Problem:
        end = self._catalog.jobs_end
        until = f" The last organizations lose it on {end.isoformat()}." if end else ""
        return self._problem(
            "Training is closed to this organization",
            f"{story} {self._catalog.title} is winding down fine-tuning and lets in only organizations that used it "
            f"lately.{until} Nothing was started and nothing is billed; files already uploaded remain there.",
            "Use the key of an organization that may still train, or train the model with another provider.",
        )

    def _bad_id(self, what: str, error: BadId, ours: Callable[[Failure], ProviderError]) -> ProviderError:
        story = f"{self._who} was not asked to {what}: {self.clean(str(error))}."
        problem = self._problem("Not an id", story, "Look where it came from: the state, or an import.")
        return Unreachable(problem) if ours == self._unread else Rejected(problem)

    def _problem(self, summary: str, detail: str, advice: str = "") -> Problem:
        return Problem(summary, detail, place=self._connection.place, advice=advice)
