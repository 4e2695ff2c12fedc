"""What a tracker says when it will not take a run, as an error of ours: its libraries quote addresses with their
passwords."""

from __future__ import annotations

import os
import re

from ftplan.errors import FtplanError, Problem

_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "DATABRICKS_TOKEN", "WANDB_API_KEY")
_USER = re.compile(r"://[^/\s@]*@")
_LONGEST = 1000


def not_installed(flag: str, package: str, extra: str) -> FtplanError:
    """That the package of a tracker is missing, and how to get it."""
    detail = f"-{flag} needs the package {package}, which is not installed."
    return FtplanError(Problem("No tracker", detail, advice="Install it:", command=f"pip install 'ftplan[{extra}]'"))


def refused(tracker: str, error: BaseException, advice: str) -> FtplanError:
    """What `tracker` said, in a few words and without a password of anybody."""
    said = " ".join(str(error).split()) or type(error).__name__
    for secret in filter(None, map(os.environ.get, _SECRETS)):
        said = said.replace(secret, "(hidden)")
    said = _USER.sub("://(hidden)@", said)
    cut = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
    return FtplanError(Problem(f"{tracker} did not take the run", cut, advice=advice))
