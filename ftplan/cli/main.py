"""The command `ftplan`: finds the command that was asked for, and turns every error into words and an exit code.

Nothing but click is imported before a command runs, so that help costs next to nothing.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module

import click

from ftplan.cli.completing.completion import CALLED_BACK, call_back
from ftplan.cli.talking.argv import CommandLine, read_command_line
from ftplan.cli.talking.streams import Unwritten, leave, leave_what_fails, open_closed_streams, written
from ftplan.errors import FtplanError, Problem, UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: where it stands, its name there, and its line in the list of commands."""

    module: str
    attribute: str
    line: str


COMMANDS = {
    "init": Entry("planning.project", "init", "Write a starter project"),
    "validate": Entry("planning.project", "validate", "Check the configuration and its datasets, offline"),
    "plan": Entry("planning.plan", "plan", "Show what would be uploaded, trained and spent, and why"),
    "apply": Entry("planning.apply", "apply", "Carry out a plan, once"),
    "destroy": Entry("planning.apply", "destroy", "Delete what is managed"),
    "cancel": Entry("jobs.cancel", "cancel", "Cancel the running job of a model"),
    "check": Entry("check", "check", "List the models whose base ends soon"),
    "checkpoints": Entry("jobs.checkpoints", "checkpoints", "List the checkpoints of a model's job"),
    "ci": Entry("ci.commands", "ci", "Comment plans on pull requests, and find the reviewed ones again"),
    "compare": Entry("asking.compare", "compare", "Lay answers of a tuned model beside those of others"),
    "completion": Entry("completing.completion", "completion", "Print the completion of a shell"),
    "cost": Entry("remembering.cost", "cost", "Show what was spent, by model and month"),
    "dataset": Entry("dataset.commands", "dataset", "Check, describe, split, sample, convert and pin dataset files"),
    "fmt": Entry("planning.project", "fmt", "Rewrite the configuration in its canonical layout"),
    "force-unlock": Entry("remembering.state", "force_unlock", "Take away the lock of a run that is dead"),
    "graph": Entry("remembering.read", "graph", "Print what depends on what, as DOT or Mermaid"),
    "lineage": Entry("remembering.lineage", "lineage", "Tell where a model comes from, and what became of it"),
    "logs": Entry("jobs.logs", "logs", "Show what happened to a model's job"),
    "metrics": Entry("jobs.metrics", "metrics", "Show what was measured while a model trained"),
    "output": Entry("remembering.read", "output", "Print the ids of the fine-tuned models"),
    "pause": Entry("jobs.pause", "pause", "Halt the running job of a model"),
    "promote": Entry("asking.promote", "promote", "Let an alias stand for the model it is declared for"),
    "providers": Entry("providers", "providers", "List the providers, with their models, prices and dates"),
    "refresh": Entry("planning.apply", "refresh", "Bring the state up to date with what the providers show"),
    "resolve": Entry("remembering.resolve", "resolve", "Say what became of a paid call in doubt"),
    "resume": Entry("jobs.pause", "resume", "Let the paused job of a model go on"),
    "rollback": Entry("asking.promote", "rollback", "Let an alias stand for the model it stood for before"),
    "sandbox": Entry("sandbox", "sandbox", "Rehearse against an embedded emulator"),
    "schema": Entry("remembering.read", "schema", "Print a published JSON Schema"),
    "show": Entry("remembering.show", "show", "Show the state, or a saved plan"),
    "state": Entry("remembering.state", "state", "Look into the state, or rebuild it"),
    "version": Entry("remembering.read", "version", "Print the version"),
    "watch": Entry("jobs.watch", "watch", "Follow the running jobs, and start nothing"),
}
STREAMING_COMMANDS = ("plan", "apply", "destroy", "refresh", "watch")
MAIN_COMMANDS = ("init", "validate", "plan", "apply", "destroy")


class Commands(click.Group):
    """The commands by name; each is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        found = getattr(import_module(f"ftplan.cli.{entry.module}"), entry.attribute)
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=1)
            raise click.UsageError(
                f"There is no command {args[0][:40]!r}.{f' Did you mean {near[0]!r}?' if near else ''}", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        others = [name for name in COMMANDS if name not in MAIN_COMMANDS]
        for title, names in (("Main commands", MAIN_COMMANDS), ("All other commands", others)):
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name].line) for name in names])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Global options (one dash or two)"):
            formatter.write_dl(
                [
                    ("-chdir=DIR", "Go to this folder first"),
                    ("-no-color", "No colours (also NO_COLOR)"),
                    ("-version", "Print the version"),
                    ("-help", "Print this, or the help of a command"),
                ]
            )
        self.format_commands(ctx, formatter)


@click.group(cls=Commands, invoke_without_command=True, no_args_is_help=False)
@click.option("--version", is_flag=True, hidden=True)
@click.pass_context
def ftplan(ctx: click.Context, version: bool) -> None:
    """Terraform for fine-tuned models: declare them in YAML, see the diff and the bill, apply exactly once."""
    if version:
        ctx.invoke(_command("version"))
    elif ctx.invoked_subcommand is None:
        written(ctx.get_help())


def _command(name: str) -> click.Command:
    return getattr(import_module(f"ftplan.cli.{COMMANDS[name].module}"), COMMANDS[name].attribute)  # type: ignore[no-any-return]


def run() -> None:
    """Runs what was typed and ends the process with the exit code of the contract."""
    open_closed_streams()
    if sys.argv[1:2] == [CALLED_BACK]:
        sys.exit(call_back(sys.argv[2:]))
    line = CommandLine(tuple(sys.argv[1:]))
    try:
        line = read_command_line(line.args, os.environ)
        _go_to(line.chdir)
        line = _with_stream(line)
        code = _run(line)
        sys.stdout.flush()
    except FtplanError as error:
        code = _report(error, line)
    except KeyboardInterrupt:
        code = _report(_interrupted(), line)
    except Unwritten as error:
        leave(sys.stdout)
        code = _report(error.told, line, streamed=False)
    except BrokenPipeError:
        leave(sys.stdout)  # whoever read it has gone, and wants no word either
        code = 1
    except Exception as error:
        code = _report(_defect(error), line)
    if line.stream is not None:
        line.stream.close()
    leave_what_fails(sys.stderr)
    sys.exit(code)


def _go_to(folder: str | None) -> None:
    if folder is not None:
        try:
            os.chdir(folder)
        except OSError as error:
            raise UsageError("Unusable -chdir", detail=f"{folder}: {error.strerror}.") from None


def _with_stream(line: CommandLine) -> CommandLine:
    """`line` with the file of -json-into open, before anything else is done: whatever goes wrong is told there, too."""
    if line.json_into is None or not _streams(line) or "--help" in line.args:
        return line
    if "--json" in line.args:
        raise UsageError("Options exclude each other", detail="-json and -json-into cannot be given together.")
    from ftplan.cli.talking.stream_file import StreamFile

    return replace(line, stream=StreamFile(line.json_into))


def _streams(line: CommandLine) -> bool:
    return next((arg for arg in line.args if not arg.startswith("-")), "") in STREAMING_COMMANDS


def _run(line: CommandLine) -> int:
    try:
        result = ftplan.main(list(line.args), prog_name="ftplan", standalone_mode=False, obj=line)
    except click.ClickException as error:
        raise UsageError(_usage(error)) from None
    except click.Abort:
        raise _interrupted() from None
    except OSError as error:
        # Help is click's to write, and does nothing else.
        if "--help" in line.args and not isinstance(error, BrokenPipeError):
            raise Unwritten(error) from error
        raise
    return result if isinstance(result, int) else 0


def _usage(error: click.ClickException) -> Problem:
    context = getattr(error, "ctx", None)
    command = f"{context.command_path} -help" if context else "ftplan -help"
    return Problem("Wrong usage", error.format_message(), advice="The options are listed by:", command=command)


def _interrupted() -> FtplanError:
    from ftplan.errors import Interrupted

    return Interrupted(Problem("Interrupted", "Nothing was changed."))


def _defect(error: Exception) -> FtplanError:
    """What ftplan's authors did not expect. The traceback is shown to those who ask for it with FTPLAN_LOG."""
    if os.environ.get("FTPLAN_LOG", "").lower() in ("debug", "trace"):
        traceback.print_exc()
    return FtplanError(
        Problem(
            "A defect in ftplan",
            f"{type(error).__name__}: {error}",
            advice="The state is as it was last saved. FTPLAN_LOG=debug shows where this happened; please report it.",
        )
    )


def _report(error: FtplanError, line: CommandLine, *, streamed: bool = True) -> int:
    from ftplan.cli.talking.console import Console

    # Where one JSON document is the answer, a problem must not be taken for it.
    json = "--json" in line.args and _streams(line) and streamed
    with suppress(OSError):  # where it cannot be told either, the exit code has to say it
        Console(no_color=line.no_color, json=json, into=line.stream).problems(error.problems)
    return error.exit_code
