"""The commands that only read what is there: output, graph, schema, version."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

import click

from ftplan import __version__
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request, config_options, config_request
from ftplan.cli.talking.streams import written
from ftplan.core.nearness import did_you_mean
from ftplan.errors import FtplanError, Problem, UsageError

FORMS = ("json", "raw", "dotenv", "configmap", "github")


@click.command()
@click.option("--json", is_flag=True, help="{NAME: {value, type, sensitive}}, or the one value.")
@click.option("--raw", is_flag=True, help="The bare id of NAME.")
@click.option("--format", "form", type=click.Choice(FORMS), help="For other tools: dotenv, configmap, github.")
@click.option("--name", "title", metavar="NAME", help="Name of the ConfigMap (ftplan-models).")
@click.argument("name", required=False)
@config_options
@click.pass_obj
def output(
    line: CommandLine, /, json: bool, raw: bool, form: str | None, title: str | None, name: str | None, **options: Any
) -> int:
    """Print the ids of the fine-tuned models and of what aliases stand for, by their names."""
    from ftplan.views.json_documents import output_document
    from ftplan.views.json_text import json_text
    from ftplan.views.state_text import render_outputs

    console = Console(no_color=line.no_color)
    if form is not None and (json or raw):
        raise UsageError("Wrong usage", detail="-format stands in the place of -json and -raw.")
    json, raw = json or form == "json", raw or form == "raw"
    if raw and (json or name is None):
        raise UsageError("Wrong usage", detail="-raw takes one NAME, and no -json.")
    if title is not None and form != "configmap":
        raise UsageError("Wrong usage", detail="-name is that of a ConfigMap: it goes with -format=configmap.")
    outputs = _outputs(config_request(options))
    if form in ("dotenv", "configmap", "github"):
        chosen = outputs if name is None else {_plain(name): _one_output(name, outputs)}
        console.line(_formed(form, chosen, title).rstrip("\n"))
        return 0
    if name is None:
        console.line(json_text(output_document(outputs)) if json else render_outputs(outputs))
        return 0
    value = _one_output(name, outputs)
    if json:
        console.line(json_text(value))
    elif value is None:
        detail = f"{name} stands for nothing yet: it has not been trained, or not been promoted."
        raise FtplanError(Problem("No value yet", detail, advice="See to it:", command="ftplan apply"))
    else:
        console.line(value if raw else json_text(value))
    return 0


def _outputs(request: Request) -> dict[str, str | None]:
    """Every model and alias that is remembered or declared, with its id where it has one."""
    from ftplan.cli.remembering.state import declared_names, stored_state
    from ftplan.views.json_documents import model_outputs

    return {**dict.fromkeys(declared_names(request)), **model_outputs(stored_state(request))}


def _one_output(name: str, outputs: dict[str, str | None]) -> str | None:
    plain = _plain(name)
    if plain not in outputs:
        advice = did_you_mean(plain, sorted(outputs))
        raise FtplanError(Problem("Unknown output", f"There is no model named {plain!r}.", advice=advice))
    return outputs[plain]


def _plain(name: str) -> str:
    return name.removeprefix("model.").removeprefix("alias.")


def _formed(form: str, outputs: dict[str, str | None], title: str | None) -> str:
    from ftplan.views.output_forms import CONFIG_MAP, config_map, dotenv, github_output

    if form == "configmap":
        return config_map(outputs, CONFIG_MAP if title is None else title)
    return dotenv(outputs) if form == "dotenv" else github_output(outputs)


@click.command()
@click.option("--mermaid", is_flag=True, help="As a Mermaid flowchart, which GitHub and GitLab draw in Markdown.")
@click.argument("planfile", required=False, type=click.Path(path_type=Path))
@config_options
@click.pass_obj
def graph(line: CommandLine, /, mermaid: bool, planfile: Path | None, **options: Any) -> int:
    """Print what depends on what, in DOT: pipe it into `dot -Tsvg`. With PLANFILE it says what that does with each."""
    from ftplan.cli.opening.session import open_session
    from ftplan.cli.planning.planned import read_plan
    from ftplan.core.deciding.scope import edges
    from ftplan.core.desired import Desired
    from ftplan.views.graph_mermaid import render_mermaid
    from ftplan.views.graph_text import render_dot, step_marks

    marks = step_marks(read_plan(planfile)) if planfile else {}
    with open_session(config_request(options), online=False, measured=False) as session:
        project = session.project
    declared = [spec.address for spec in project.datasets.values()] + [spec.address for spec in project.models.values()]
    arrows = [(str(start), str(end)) for start, end in edges(Desired(project))]
    render = render_mermaid if mermaid else render_dot
    drawn = render([*map(str, declared), *marks], arrows, marks)
    Console(no_color=line.no_color).line(drawn.rstrip("\n"))
    return 0


@click.command()
@click.argument("name", required=False)
@click.pass_obj
def schema(line: CommandLine, /, name: str | None) -> int:
    """Print the published JSON Schema NAME; without a name, which there are."""
    from ftplan.config.schema import load_schema, names
    from ftplan.views.json_text import json_text

    console = Console(no_color=line.no_color)
    if name is None:
        console.line("\n".join(names()))
        return 0
    if name not in names():
        raise UsageError(
            "Unknown schema", detail=f"There is no schema {name[:40]!r}.", advice=f"Known: {', '.join(names())}."
        )
    console.line(json_text(load_schema(name)))
    return 0


@click.command()
@click.option("--json", is_flag=True, help="One JSON object.")
def version(json: bool = False) -> int:
    """Print the version."""
    if json:
        from ftplan.views.json_text import json_text

        written(
            json_text({"ftplan_version": __version__, "python": platform.python_version(), "platform": sys.platform})
        )
    else:
        written(f"ftplan v{__version__}")
    return 0
