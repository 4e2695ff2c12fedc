"""The command `sandbox serve`: the emulator by itself, for anything that speaks OpenAI's wire."""

from __future__ import annotations

from pathlib import Path

import click

from ftplan.cli.opening.session import SANDBOX_FILE
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.errors import FtplanError, UsageError


@click.group()
def sandbox() -> None:
    """Rehearse against an embedded emulator of OpenAI's fine-tuning API."""


@sandbox.command()
@click.option("--host", default="127.0.0.1", help="A loopback address (127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, help="0 takes a free one (8765).")
@click.option(
    "--path", type=click.Path(path_type=Path), default=Path(SANDBOX_FILE), help=f"Its store ({SANDBOX_FILE})."
)
@click.option("--speed", type=float, default=None, help="How many times faster than life; 0 waits for nothing.")
@click.pass_obj
def serve(line: CommandLine, /, host: str, port: int, path: Path, speed: float | None) -> int:
    """Serve until interrupted. Everything it answers is a rehearsal: no model is trained and nothing is billed."""
    from ftplan.sandbox import serve as serve_sandbox

    console = Console(no_color=line.no_color)

    def ready(url: str) -> None:
        console.say(f"The sandbox listens on {url} (a rehearsal: nothing is trained at OpenAI, nothing is billed).")
        console.say(f"\n  export OPENAI_BASE_URL={url}\n  export OPENAI_API_KEY=sandbox\n\nCtrl-C ends it.")

    try:
        serve_sandbox(path, host=host, port=port, speed=speed, ready=ready)
    except ValueError as error:
        raise UsageError("Sandbox cannot be served", detail=f"{error}") from None
    except OSError as error:
        raise FtplanError("Sandbox cannot be served", detail=f"{host}:{port}: {error.strerror or error}.") from None
    return 0
