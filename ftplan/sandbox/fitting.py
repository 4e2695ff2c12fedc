"""One job's training: rows read, settings resolved, a small model fitted step by step, everything measured told."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ftplan.sandbox.billing import bill
from ftplan.sandbox.catalog import longest_example
from ftplan.sandbox.learners import Learner, Measure, PairLearner, TextLearner
from ftplan.sandbox.ledger import Happening, Ledger, message
from ftplan.sandbox.rewards import RewardLearner
from ftplan.sandbox.rows import Example, RowsRefused, read_examples
from ftplan.sandbox.schedule import Fit, Job
from ftplan.sandbox.wire import Json

_TELL_SECONDS = 0.2  # steps are written in groups: one transaction each would cost more than the fit
_CSV_HEAD = "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n"


class Stopped(Exception):
    """The sandbox is closing; the next one takes the job up again."""


@dataclass(frozen=True, slots=True)
class Course:
    """What there is to do: the rows, the settings, and what an earlier model had learnt already."""

    learner: Learner
    training: list[Any]
    validation: list[Any]
    earlier: list[Any]
    settings: Json

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.training) // int(self.settings["batch_size"]))


def resolved(settings: Json, rows: int) -> Json:
    """The hyperparameters with every "auto" decided from the number of rows."""
    epochs = 3
    if rows * 3 < 100:
        epochs = min(25, 100 // rows)
    elif rows * 3 > 25_000:
        epochs = max(1, 25_000 // rows)
    chosen = {
        "n_epochs": epochs,
        "batch_size": max(1, min(256, round(rows * 0.002))),
        "learning_rate_multiplier": 1.8,
        "beta": 0.1,
        "reasoning_effort": "medium",
        "compute_multiplier": 1.0,
        "eval_interval": 1,
        "eval_samples": 1,
    }
    return {name: chosen[name] if value == "auto" else value for name, value in settings.items()}


class Fitting:
    """Takes one job from its files to its end. Deterministic: the same rows, settings and seed give the same numbers.

    ``blob`` says where a job's files lie, ``keep_result`` keeps the result file and gives its id.
    """

    def __init__(
        self,
        ledger: Ledger,
        blob: Callable[[str], Path],
        keep_result: Callable[[Job, bytes], str],
        stop: Callable[[], bool],
    ) -> None:
        self._ledger, self._blob, self._keep_result, self._stop = ledger, blob, keep_result, stop

    def run(self, job: Job) -> None:
        """Returns when the job is over, or when there is nothing to do for it."""
        if job.stuck_in == "validating_files":
            return
        try:
            if job.refused:
                self._refuse(job, job.refused)
                return
            examples, validation = self._examples(job)
        except RowsRefused as refusal:
            self._refuse(job, {"code": refusal.code, "message": str(refusal), "param": refusal.param})
            return
        settings = resolved(job.order["method"][job.method]["hyperparameters"], len(examples))
        course = self._course(job, examples, validation, settings)
        fit = Fit(time.time(), None, settings, course.steps_per_epoch * int(settings["n_epochs"]))
        self._ledger.save_fit(job.id, fit)
        if job.stuck_in:
            return
        self._tell(job, "queued", job.validating_seconds, "files are valid, the job is queued.")
        self._tell(job, "started", job.starts_due, "fine-tuning started (a small stand-in model is fitted).")
        lines = self._train(job, fit, course)
        tokens = bill(self._blob(f"{job.id}.train"), job.method, longest_example(job.model))
        self._finish(job, fit, tokens * int(settings["n_epochs"]), lines)

    def _examples(self, job: Job) -> tuple[list[Example], list[Example]]:
        self._tell(job, "validating", 0.0, f"validating training file: {job.order['training_file']}")
        examples = read_examples(self._blob(f"{job.id}.train"), job.method, stop=self._stop)
        validation: list[Example] = []
        if job.order["validation_file"]:
            path = self._blob(f"{job.id}.valid")
            validation = read_examples(path, job.method, file_word="validation", fewest=1, stop=self._stop)
        self._go_on()
        return examples, validation

    def _course(self, job: Job, examples: list[Example], validation: list[Example], settings: Json) -> Course:
        learner: Learner
        if job.method == "supervised":
            learner = TextLearner(float(settings["learning_rate_multiplier"]))
        elif job.method == "dpo":
            learner = PairLearner(float(settings["learning_rate_multiplier"]), float(settings["beta"]))
        else:
            learner = RewardLearner(examples, job.order["method"]["reinforcement"]["grader"])
        earlier = learner.prepared(self._learnt_before(job))
        return Course(learner, learner.prepared(examples), learner.prepared(validation), earlier, settings)

    def _learnt_before(self, job: Job) -> list[Example]:
        """The rows of the models this one goes on from, oldest first, as far as they speak of the same thing."""
        found = self._ledger.of_model(job.model)
        if found is None:
            return []
        parent, _ = found
        rows = self._learnt_before(parent)
        if parent.method == job.method and job.method != "reinforcement":
            rows += read_examples(self._blob(f"{parent.id}.train"), parent.method, stop=self._stop)
        return rows

    def _train(self, job: Job, fit: Fit, course: Course) -> list[str]:
        """Fits, telling every step; gives the lines of the result file."""
        size, lines = int(course.settings["batch_size"]), [_CSV_HEAD]
        shuffle = random.Random(job.order["seed"])  # noqa: S311 (an order of rows, not a secret)
        if course.earlier:
            course.learner.learn(course.earlier)
        untold: list[Happening] = []
        told_at = time.monotonic()
        for epoch in range(1, int(course.settings["n_epochs"]) + 1):
            rows = list(course.training)
            shuffle.shuffle(rows)
            for start in range(0, len(rows), size):
                self._go_on()
                trained = course.learner.learn(rows[start : start + size])
                step = len(lines)
                seen = _sample(course.validation, step, size)
                metrics = _metrics(step, trained, course.learner.measure(seen) if seen else None)
                lines.append(",".join("" if metrics[name] is None else str(metrics[name]) for name in metrics) + "\n")
                untold.append(_step_event(job, fit, step, metrics))
                if time.monotonic() - told_at > _TELL_SECONDS:
                    self._ledger.tell(job, untold, time.time())
                    untold, told_at = [], time.monotonic()
            self._ledger.tell(job, untold, time.time())
            untold, told_at = [], time.monotonic()
            self._end_epoch(job, fit, course, epoch, metrics)
        return lines

    def _end_epoch(self, job: Job, fit: Fit, course: Course, epoch: int, metrics: Json) -> None:
        step = epoch * course.steps_per_epoch
        due = _due(job, step, fit.total_steps)
        if course.validation:
            full = course.learner.measure(course.validation)
            metrics = {
                **metrics,
                "full_valid_loss": round(full.loss, 5),
                "full_valid_mean_token_accuracy": round(full.accuracy, 5),
            }
        self._ledger.keep_checkpoint(job, Happening(f"checkpoint {step}", due, metrics, step), time.time())
        self._tell(job, f"checkpoint {step}", due, f"checkpoint created at step {step}: epoch {epoch} is done.")

    def _finish(self, job: Job, fit: Fit, trained_tokens: int, lines: Sequence[str]) -> None:
        if job.fails:
            self._tell(job, "failed", job.ends_due, f"the job failed: {job.fails['message']}", "error")
            self._ledger.save_fit(job.id, replace(fit, done_at=time.time()))
            return
        # The service encodes the result file in base64; its documents do not say so.
        result_file = self._keep_result(job, base64.b64encode("".join(lines).encode()))
        self._tell(job, "model", job.ends_due, f"new fine-tuned model created: {job.model_id}")
        self._tell(job, "done", job.ends_due, "the job has successfully completed.")
        self._ledger.save_fit(
            job.id, replace(fit, done_at=time.time(), trained_tokens=trained_tokens, result_file=result_file)
        )

    def _refuse(self, job: Job, error: Json) -> None:
        self._tell(job, "refused", job.validating_seconds, f"the job failed: {error['message']}", "error")
        self._ledger.save_fit(job.id, Fit(time.time(), error))

    def _tell(self, job: Job, label: str, due: float, text: str, level: str = "info") -> None:
        self._ledger.tell(job, [Happening(label, due, message(text, level))], time.time())

    def _go_on(self) -> None:
        if self._stop():
            raise Stopped


def _due(job: Job, step: int, total: int) -> float:
    return job.starts_due + job.running_seconds * step / total


def _sample(validation: list[Any], step: int, size: int) -> list[Any]:
    """A window of the validation rows that moves with the steps, so that each step stays cheap."""
    start = step * size % len(validation) if validation else 0
    return validation[start : start + size]


def _metrics(step: int, trained: Measure, seen: Measure | None) -> Json:
    return {
        "step": step,
        "train_loss": round(trained.loss, 5),
        "train_mean_token_accuracy": round(trained.accuracy, 5),
        "valid_loss": round(seen.loss, 5) if seen else None,
        "valid_mean_token_accuracy": round(seen.accuracy, 5) if seen else None,
    }


def _step_event(job: Job, fit: Fit, step: int, metrics: Json) -> Happening:
    told = {name: value for name, value in metrics.items() if value is not None}
    if job.method == "reinforcement":
        told["train_mean_reward"] = round(1.0 - metrics["train_loss"], 5)
    text = f"Rehearsal: step {step}/{fit.total_steps}, training loss={metrics['train_loss']:.4f}"
    doc = {"level": "info", "type": "metrics", "message": text, "data": {**told, "total_steps": fit.total_steps}}
    return Happening(f"step {step}", _due(job, step, fit.total_steps), doc, step)
