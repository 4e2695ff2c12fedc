"""What is declared, as the `configuration` of Terraform's plan format: for policies that ask what is meant, and where
it goes, whatever this plan does about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ftplan.core.plan import Plan
from ftplan.core.spec import PARENT_PREFIX
from ftplan.views.json_text import plain

# What is measured, worked out or given by a provider is not declared.
_NOT_DECLARED = frozenset(
    {"id", "job_id", "provider", "rows", "bytes", "format", "sha256", "content_sha256", "training_rows", "fingerprint"}
)


def configuration(plan: Plan) -> dict[str, Any]:
    """Every provider of the project, with its type and host, and every model and alias that is declared and every
    dataset that a model reads, by address."""
    after = {address: plain(values) for address, values in sorted(plan.after.items())}
    used = {str(values["provider"]) for values in after.values() if values.get("provider")}
    return {
        "provider_config": {name: _provider(name, plan) for name in sorted({*plan.services, *used})},
        "root_module": {"resources": [_resource(address, values) for address, values in after.items()]},
    }


def _provider(name: str, plan: Plan) -> dict[str, Any]:
    service = plan.services.get(name)
    if service is None:
        return {"name": name}
    return {"name": name, "type": service.type, "base_url": service.base_url, "host": _host(service.base_url or "")}


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _resource(address: str, values: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_config_key": values.get("provider", ""),
        "expressions": {key: _said(key, value) for key, value in values.items() if key not in _NOT_DECLARED},
        "schema_version": 0,
    }


def _said(key: str, value: Any) -> dict[str, Any]:
    """One attribute as Terraform has it: what it names, or what it is."""
    if key in ("dataset", "validation"):
        return {"references": [f"dataset.{value}"]}
    if key in ("base_model", "model") and str(value).startswith(PARENT_PREFIX):
        return {"references": [value]}
    return {"constant_value": value}
