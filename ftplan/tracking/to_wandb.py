"""A training as a run of Weights & Biases: its door (`ftplan[wandb]`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftplan.core.tracked import TrackedRun
from ftplan.errors import FtplanError, Problem
from ftplan.tracking.refused import not_installed, refused

if TYPE_CHECKING:
    from wandb import Run, Settings

_ADVICE = "It is told where to write by WANDB_BASE_URL, WANDB_ENTITY and WANDB_MODE, as always."


def log_to_wandb(run: TrackedRun, project: str) -> tuple[str, int]:
    """Writes what of `run` is not yet in the project. Gives where it is to be seen, or the folder that waits for
    `wandb sync` with WANDB_MODE=offline, and how many steps were new. Raises `FtplanError` where wandb is not
    installed, nobody is logged in, or it refuses."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    try:
        # Half a second to import; only whoever asks for it pays.
        import wandb
    except ImportError:
        raise not_installed("wandb", "wandb", "wandb") from None
    try:
        return _logged(wandb, run, project)
    except (wandb.Error, OSError, ValueError) as error:
        raise refused("Weights & Biases", error, _ADVICE) from None
    finally:
        # It keeps a process of its own, and the settings it was first asked with.
        wandb.teardown()


def _logged(wandb: Any, run: TrackedRun, project: str) -> tuple[str, int]:
    settings = _settings(wandb)
    if settings.mode in ("offline", "dryrun"):
        waiting = sorted(Path(settings.root_dir or ".", "wandb").glob(f"offline-run-*-{run.key}"))
        if waiting:
            return str(waiting[-1]), 0
    elif settings.mode == "online" and not wandb.login(prompt=False, verify=False):
        advice = "Log in with `wandb login`, or set WANDB_API_KEY; WANDB_MODE=offline writes into a folder."
        raise FtplanError(Problem("Not logged in to Weights & Biases", "It has no key here.", advice=advice))
    made: Run = wandb.init(
        project=project,
        id=run.key,
        resume="allow",
        name=run.name,
        config={**run.parameters, **run.tags},
        job_type="fine-tuning",
        settings=settings,
    )
    try:
        new = _steps(made, run)
        made.summary.update(dict(run.totals))
    finally:
        made.finish()
    return str(made.url if settings.mode == "online" else Path(made.dir).parent), new


def _settings(wandb: Any) -> Settings:
    """Nothing is told of this machine, its code or what is installed: the run was made elsewhere."""
    settings: Settings = wandb.setup().settings.model_copy()
    quiet: Mapping[str, Any] = {
        "silent": True,
        "console": "off",
        "save_code": False,
        "disable_code": True,
        "disable_git": True,
        "host": "ftplan",
        "x_disable_stats": True,
        "x_disable_meta": True,
        "x_save_requirements": False,
    }
    for name, value in quiet.items():
        setattr(settings, name, value)
    return settings


def _steps(made: Run, run: TrackedRun) -> int:
    """Writes the steps from where the run stands; how many. Earlier ones it has, and would not take again."""
    steps = sorted({step for series in run.columns.values() for step in series if step >= made.step})
    for step in steps:
        made.log({name: series[step] for name, series in run.columns.items() if step in series}, step=step)
    return len(steps)
