"""Where a request may go, and with which key."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from wire_stub import CANARY, Says, Stub, page

from ftplan.core.ports import JobRequest
from ftplan.core.spec import ProviderSpec
from ftplan.errors import NotAllowed, Rejected
from ftplan.providers import Connection, connection, load_catalog, open_provider
from ftplan.providers.openai import OpenAIProvider

KEY = {"OPENAI_API_KEY": CANARY}


def connected(base_url: str | None = None, type: str = "openai", **environ: str) -> Connection:
    spec = ProviderSpec("mine", type, base_url=base_url)
    return connection(spec, load_catalog(type), {**KEY, **environ})


def refused(connection: Connection) -> str:
    assert connection.refusal is not None
    return connection.refusal.summary


def test_the_services_own_address_is_the_default() -> None:
    assert connected().base_url == "https://api.openai.com/v1"
    assert connected().refusal is None


def test_the_environments_base_url_is_honoured(stub: Stub) -> None:
    stub.tell("GET", "/files", Says(200, page()))
    open_provider(ProviderSpec("mine", "openai"), environ={**KEY, "OPENAI_BASE_URL": stub.url}).check_access()
    assert stub.count("GET", "/files") == 1


def test_the_yamls_base_url_wins_over_the_environments() -> None:
    assert connected("https://eu.api.openai.com/v1", OPENAI_BASE_URL="https://other").base_url.startswith("https://eu.")


def test_only_type_openai_reads_openais_environment() -> None:
    made = connected(type="sandbox", OPENAI_BASE_URL="https://else.example", OPENAI_ORG_ID="org-1")
    assert (made.base_url, made.organization) == (None, None)


@pytest.mark.parametrize("host", ["api.openai.com", "eu.api.openai.com", "us.api.openai.com"])
def test_the_services_own_hosts_may_be_written_in_the_yaml(host: str) -> None:
    assert connected(f"https://{host}/v1").refusal is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://localhost:9/v1", "http://[::1]:9/v1"])
def test_loopback_may_be_written_in_the_yaml_and_needs_no_encryption(url: str) -> None:
    assert connected(url).refusal is None


@pytest.mark.parametrize(
    "url",
    [
        "https://attacker.example/v1",
        "https://api.openai.com.attacker.example/v1",
        "https://api-openai.com/v1",
        "https://attacker.example/api.openai.com",
    ],
)
@pytest.mark.parametrize("type", ["openai", "sandbox"])
def test_a_foreign_host_in_the_yaml_is_refused(url: str, type: str) -> None:
    assert refused(connected(url, type)) == "Host not allowed"


@pytest.mark.parametrize("allowed", ["llm.example", " other.example , LLM.example", "llm.example:8443"])
def test_a_foreign_host_that_the_environment_allows_is_used(allowed: str) -> None:
    assert connected("https://llm.example:8443/v1", FTPLAN_ALLOWED_HOSTS=allowed).refusal is None


@pytest.mark.parametrize(
    "url",
    ["ftp://api.openai.com", "api.openai.com/v1", "https://user:pass@api.openai.com/v1", "https://api.openai.com?x=1",
     "https://api.openai.com:port/v1", "https://api.openai.com\\@attacker.example/"],
)  # fmt: skip
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    assert refused(connected(url)) == "Bad base_url"


def test_a_key_is_never_sent_unencrypted_beyond_this_machine() -> None:
    assert refused(connected(OPENAI_BASE_URL="http://10.0.0.1/v1")) == "Unencrypted base_url"


def test_a_foreign_host_gets_no_request(stub: Stub, order: Callable[..., JobRequest]) -> None:
    # The attacker is on loopback, so it is made foreign by its name: this one resolves to loopback everywhere.
    url = stub.url.replace("127.0.0.1", "attacker.localhost").replace("http:", "https:")
    provider = open_provider(ProviderSpec("mine", "openai", base_url=url), environ=KEY)
    with pytest.raises(NotAllowed) as caught:
        provider.check_access()
    with pytest.raises(Rejected):
        provider.start_job(order())
    assert "FTPLAN_ALLOWED_HOSTS" in caught.value.problems[0].command
    assert stub.seen == []


def test_a_missing_key_is_said_at_the_first_request_and_not_before(stub: Stub) -> None:
    provider = open_provider(ProviderSpec("mine", "openai"), environ={"OPENAI_BASE_URL": stub.url})
    assert provider.catalog.type == "openai"
    with pytest.raises(NotAllowed) as caught:
        provider.check_access()
    problem = caught.value.problems[0]
    assert problem.summary == "No API key"
    assert problem.command == "export OPENAI_API_KEY=..."
    assert stub.seen == []


def test_the_key_is_read_from_the_variable_that_the_yaml_names(stub: Stub) -> None:
    stub.tell("GET", "/files", Says(200, page()))
    spec = ProviderSpec("mine", "openai", api_key_env="OTHER_KEY")
    open_provider(spec, environ={**KEY, "OTHER_KEY": "sk-other-key", "OPENAI_BASE_URL": stub.url}).check_access()
    assert stub.seen[0].headers["authorization"] == "Bearer sk-other-key"


@pytest.mark.parametrize("key", [f"{CANARY}\nX-Evil: 1", f"a {CANARY}", "schlüssel"])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    made = connected(OPENAI_API_KEY=key)
    assert refused(made) == "Unusable API key"
    assert CANARY not in repr(made)


def test_a_connections_repr_hides_the_key() -> None:
    assert CANARY not in repr(connected())


def test_the_sandbox_needs_no_key(stub: Stub) -> None:
    stub.tell("GET", "/files", Says(200, page()))
    open_provider(ProviderSpec("rehearsal", "sandbox"), environ=KEY, base_url=stub.url).check_access()
    assert stub.seen[0].headers["authorization"] == "Bearer sandbox"


def test_a_served_sandbox_is_reached_by_its_base_url(stub: Stub) -> None:
    stub.tell("GET", "/files", Says(200, page()))
    open_provider(ProviderSpec("rehearsal", "sandbox", base_url=stub.url), environ={}).check_access()
    assert stub.count("GET") == 1


def test_a_sandbox_that_was_not_started_says_so() -> None:
    with pytest.raises(NotAllowed) as caught:
        open_provider(ProviderSpec("rehearsal", "sandbox"), environ={}).check_access()
    assert caught.value.problems[0].summary == "No address"


def test_the_sdk_adds_nothing_from_the_environment(
    stub: Stub, provider: OpenAIProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Extra: 1\nAuthorization: Bearer other")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-ambient")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-ambient")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    stub.tell("GET", "/files", Says(200, page()))
    provider.check_access()
    headers = stub.seen[0].headers
    assert headers["authorization"] == f"Bearer {CANARY}"
    assert not {"x-extra", "openai-organization", "openai-project"} & set(headers)


def test_organization_and_project_come_from_the_yaml_and_else_from_the_environment(stub: Stub) -> None:
    stub.tell("GET", "/files", Says(200, page()))
    spec = ProviderSpec("mine", "openai", organization="org-yaml")
    environ = {**KEY, "OPENAI_BASE_URL": stub.url, "OPENAI_ORG_ID": "org-env", "OPENAI_PROJECT_ID": "proj-env"}
    open_provider(spec, environ=environ).check_access()
    headers = stub.seen[0].headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-yaml", "proj-env")


def test_a_proxy_is_used_for_hosts_out_there_alone() -> None:
    proxy = {"HTTPS_PROXY": "http://proxy.example:3128"}
    assert connected(**proxy).proxy == "http://proxy.example:3128"
    assert connected(**proxy, NO_PROXY="localhost,.openai.com").proxy is None
    assert connected("http://127.0.0.1:9/v1", **proxy).proxy is None


def test_importing_the_room_costs_neither_the_sdk_nor_the_packages_metadata() -> None:
    code = (
        "import sys, ftplan.providers as p; p.load_catalog('openai');"
        "print([m for m in ('openai', 'httpx2', 'importlib.metadata', 'deepdiff') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
