"""Where a service is and what proves who we are: worked out from the YAML, the environment and the catalog.

A pull request can change the YAML, never the environment, so the YAML alone must not be able to send a key to a host
the provider does not own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ftplan.core.catalog import Catalog
from ftplan.core.hosts import is_loopback
from ftplan.core.ports import CALL_TIMEOUT_SECONDS
from ftplan.core.spec import ProviderSpec
from ftplan.errors import Place, Problem

ALLOWED_HOSTS = "FTPLAN_ALLOWED_HOSTS"
SANDBOX_KEY = "sandbox"
_DEFAULT_BASE_URLS = {"openai": "https://api.openai.com/v1"}
# What may stand in an HTTP header. Anything else would be quoted, key and all, in the HTTP library's complaint.
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything a provider is built with. `refusal` says why no request may be made with it: a provider raises it as
    `NotAllowed` at its first remote use, so that what works offline works without a key. Its repr hides the key.

    `place` is where the provider stands in the YAML. `proxy` is the URL of an HTTP proxy, `ca_file` a file of trusted
    certificates; both come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).
    """

    name: str
    type: str
    base_url: str | None
    api_key: str | None = field(default=None, repr=False)
    organization: str | None = None
    project: str | None = None
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    refusal: Problem | None = None
    place: Place | None = None
    call_seconds: float = CALL_TIMEOUT_SECONDS


def connection(
    spec: ProviderSpec,
    catalog: Catalog,
    environ: Mapping[str, str],
    base_url: str | None = None,
    call_seconds: float = CALL_TIMEOUT_SECONDS,
) -> Connection:
    """How to reach the service `spec` declares. `base_url` is the address of a sandbox we started ourselves; no write
    may take longer than `call_seconds`."""
    url = base_url or service_url(spec, environ)
    key_env = spec.api_key_env or catalog.default_key_env
    key = SANDBOX_KEY if catalog.rehearsal else environ.get(key_env or "", "").strip() or None
    organization, project = _account(spec, environ)
    declared = spec.base_url if not base_url else None
    refusal = (
        _refused_address(spec, url)
        or (_refused_host(spec, declared, catalog, environ) if declared else None)
        or _refused_key(spec, catalog, key_env, key)
        or _refused_header(spec, {"organization": organization, "project": project})
    )
    return Connection(
        name=spec.name,
        type=spec.type,
        base_url=url,
        api_key=key,
        organization=organization or None,
        project=project or None,
        proxy=_proxy(url, environ),
        ca_file=environ.get("SSL_CERT_FILE") or None,
        refusal=refusal,
        place=spec.place,
        call_seconds=call_seconds,
    )


def service_url(spec: ProviderSpec, environ: Mapping[str, str]) -> str | None:
    """Where the service `spec` declares is: what the YAML says, else the environment, else the usual place; None where
    none is known."""
    env_url = environ.get("OPENAI_BASE_URL") if spec.type == "openai" else None
    return spec.base_url or env_url or _DEFAULT_BASE_URLS.get(spec.type)


def asked_at(spec: ProviderSpec, environ: Mapping[str, str]) -> str:
    """Who answers the models of `spec`: the kind of service, its address, the organization and the project, none of
    which is a secret. An answer of one says nothing about what another one answers."""
    url, organization, project = shown_url(service_url(spec, environ)), *_account(spec, environ)
    return " ".join([spec.type, url or "", organization or "", project or ""]).strip()


def shown_url(url: str | None) -> str | None:
    """`url` without what may be a secret in it: user, query, fragment. None where it is no http(s) URL."""
    parts = _split(url) if url else None
    if parts is None:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _account(spec: ProviderSpec, environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The organization and the project that requests are made for."""
    given = environ if spec.type == "openai" else {}
    return spec.organization or given.get("OPENAI_ORG_ID"), spec.project or given.get("OPENAI_PROJECT_ID")


def _split(url: str) -> SplitResult | None:
    """The URL taken apart; None where it is not an absolute http(s) URL with a host."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    whole = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"[\s\\\x00-\x1f]", url)
    return parts if whole else None


def _refused_address(spec: ProviderSpec, url: str | None) -> Problem | None:
    what = f"provider {spec.name!r}"
    if url is None:
        detail = f"The {what} (type {spec.type!r}) has no base_url, and no server was started for it."
        return Problem("No address", detail, place=spec.place, advice="Write its base_url in the YAML.")
    parts = _split(url)
    if parts is None or parts.username is not None or parts.query or parts.fragment:
        detail = f"The base_url of {what} is not a plain http(s) address: no user, no query, no fragment is allowed."
        return Problem("Bad base_url", detail, place=spec.place, advice='Write it like "https://api.openai.com/v1".')
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        detail = f"The {what} is at http://{parts.netloc}: a key sent there could be read on the way."
        return Problem("Unencrypted base_url", detail, place=spec.place, advice="Use https.")
    return None


def _refused_host(spec: ProviderSpec, declared: str, catalog: Catalog, environ: Mapping[str, str]) -> Problem | None:
    parts = _split(declared)
    host = (parts.hostname or "") if parts else ""
    allowed = {word.strip().lower() for word in environ.get(ALLOWED_HOSTS, "").split(",")} - {""}
    if host in catalog.hosts or is_loopback(host) or host in allowed or (parts and parts.netloc.lower() in allowed):
        return None
    return Problem(
        "Host not allowed",
        f"The YAML sends provider {spec.name!r} to {host}, which is not {catalog.title}'s own. Neither the key nor a "
        "dataset is sent to a host that only the YAML names: whoever can change the YAML could collect them.",
        place=spec.place,
        advice=f"If you trust it, name it in your own environment ({ALLOWED_HOSTS}, separated by commas).",
        command=f"export {ALLOWED_HOSTS}={host}",
    )


def _refused_key(spec: ProviderSpec, catalog: Catalog, env: str | None, key: str | None) -> Problem | None:
    if key is None:
        where = f"the environment variable {env}" if env else "an environment variable; none is named"
        return Problem(
            "No API key",
            f"Provider {spec.name!r} ({catalog.title}) needs a key in {where}.",
            place=spec.place,
            advice=f"Set {env}, or use a provider of type sandbox, which needs no key." if env else "Set api_key_env.",
            command=f"export {env}=..." if env else "",
        )
    if not _HEADER_VALUE.fullmatch(key):
        detail = f"What {env} holds contains a space, a line break or a letter that no key has. It is not shown here."
        return Problem("Unusable API key", detail, place=spec.place, advice=f"Set {env} again, without quotes.")
    return None


def _refused_header(spec: ProviderSpec, values: Mapping[str, str | None]) -> Problem | None:
    for name, value in values.items():
        if value and not _HEADER_VALUE.fullmatch(value):
            detail = f"The {name} of provider {spec.name!r} contains a space, a line break or a letter no id has."
            return Problem(f"Unusable {name}", detail, place=spec.place, advice="Copy the id anew from the dashboard.")
    return None


def _proxy(url: str | None, environ: Mapping[str, str]) -> str | None:
    parts = _split(url) if url else None
    if parts is None or is_loopback(parts.hostname or ""):
        return None
    host = parts.hostname or ""
    exempt = (
        word.strip().lstrip(".") for word in (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")
    )
    if any(word == "*" or (word and f".{host}".endswith(f".{word}")) for word in exempt):
        return None
    return environ.get("https_proxy") or environ.get("HTTPS_PROXY") or None
