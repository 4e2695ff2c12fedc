"""The command `providers`: what is known of services without asking them, as this folder reckons with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from ftplan.cli.opening.catalogs import company_overrides, every_catalog
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request, config_options, config_request
from ftplan.config import find_config, load_project
from ftplan.core.override import CatalogOverride
from ftplan.errors import ConfigError, Problem, UsageError
from ftplan.providers.catalog import unknown_type
from ftplan.providers.registry import provider_types


@click.command()
@click.option("--json", is_flag=True, help="One JSON object.")
@click.argument("type", required=False)
@config_options
@click.pass_obj
def providers(line: CommandLine, /, json: bool, type: str | None, **options: Any) -> int:
    """List the providers there are; of TYPE its models, prices and last days, and where each was read."""
    from ftplan.views.catalog_text import catalog_document, catalogs_document, render_catalog, render_catalogs
    from ftplan.views.json_text import json_text

    console = Console(no_color=line.no_color)
    known = every_catalog((*company_overrides(os.environ).said, *_own_overrides(config_request(options))))
    if type is not None and type not in known:
        raise UsageError(unknown_type(type, tuple(known)))
    trainable = provider_types()
    if json:
        one = catalog_document(known[type], trainable) if type else catalogs_document(known.values(), trainable)
        console.line(json_text(one))
        return 0
    style = console.style(sys.stdout)
    shown = (
        render_catalog(known[type], trainable, style) if type else render_catalogs([*known.values()], trainable, style)
    )
    console.say(shown.rstrip("\n"))
    return 0


def _own_overrides(request: Request) -> tuple[CatalogOverride, ...]:
    """What the project in this folder says; nothing where there is none. Raises `ConfigError` for one that is wrong."""
    path = find_config(Path())
    if isinstance(path, Problem):
        return ()
    loaded = load_project(
        path,
        variables=request.variables,
        var_files=request.var_files,
        environ=os.environ,
        allow_outside=request.allow_outside,
    )
    if loaded.project is None:
        raise ConfigError(loaded.problems)
    return loaded.project.catalog
