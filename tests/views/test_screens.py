"""An apply is followed in lines, in bars or in JSON."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest
from example_plans import BOT, TICKETS, TUNED

from ftplan.core.events import Event, FileDropped, JobStarted
from ftplan.core.facts import JobProgress, Phase
from ftplan.core.notices import (
    JobFollowed,
    QuestionsAnswered,
    Spent,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    Told,
    UploadProgress,
    Waiting,
)
from ftplan.core.records import JobRecord
from ftplan.core.spec import Address
from ftplan.views.progress_text import Tally, apply_summary, duration, size
from ftplan.views.terminal import JsonScreen, LiveScreen, PlainScreen, open_screen

STORY: tuple[tuple[float, Event], ...] = (
    (0, StepStarted(TICKETS, "Uploading")),
    (1, UploadProgress(TICKETS, 1_000_000, 2_481_337)),
    (2, StepDone(TICKETS, "Uploading", "file-0001", 2.4)),
    (2, StepStarted(BOT, "Training")),
    (3, JobStarted("support-bot", "openai", "f", "k", 1, {}, JobRecord("ftjob-0001", Phase.QUEUED))),
    (4, JobFollowed(BOT, "ftjob-0001", "queued", 1)),
    (14, JobFollowed(BOT, "ftjob-0001", "queued", 11)),
    (24, JobFollowed(BOT, "ftjob-0001", "running", 21, JobProgress(1, 300, 2.25))),
    (34, JobFollowed(BOT, "ftjob-0001", "running", 31, JobProgress(20, 300, 1.5))),
    (44, Waiting(BOT, "rate limit", 20)),
    (84, JobFollowed(BOT, "ftjob-0001", "running", 81, JobProgress(90, 300, 0.875, 1.0))),
    (723, StepDone(BOT, "Training", TUNED, 723, Spent(Decimal("3.21"), 642_000))),
    (724, FileDropped("openai", "c")),
)
ENDINGS = (
    StepFailed(BOT, "Training", "Job failed", "server_error: out of memory", "Try again."),
    StepSkipped(Address("model", "child"), BOT),
    Told("Two jobs carry one key", "ftjob-2 is the younger.", command="ftplan cancel model.x"),
)


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(screen: PlainScreen | LiveScreen | JsonScreen, clock: Clock) -> None:
    for moment, event in STORY:
        clock.time = moment
        screen.tell(event)
    for event in ENDINGS:
        screen.tell(event)
    screen.close()


def test_lines_tell_the_story_without_flooding(golden) -> None:  # type: ignore[no-untyped-def]
    clock, stream = Clock(), io.StringIO()
    told(PlainScreen(stream, clock), clock)
    golden("apply_plain.txt", stream.getvalue())


def test_a_long_phase_is_spoken_of_every_thirty_seconds_at_most() -> None:
    clock, stream = Clock(), io.StringIO()
    screen = PlainScreen(stream, clock)
    for second in range(0, 121, 10):
        clock.time = second
        screen.tell(JobFollowed(BOT, "ftjob-1", "running", second))
    assert len(stream.getvalue().splitlines()) == 5


@pytest.mark.parametrize("screen", [PlainScreen, JsonScreen])
def test_answers_are_told_of_at_each_tenth_of_the_way(screen: type[PlainScreen | JsonScreen]) -> None:
    clock, stream = Clock(), io.StringIO()
    shown = screen(stream, clock)
    for total in (500, 40):
        for done in range(total + 1):
            shown.tell(QuestionsAnswered(BOT, done, total))
    assert len(stream.getvalue().splitlines()) == 2 * 11


def test_a_bar_shows_every_answer() -> None:
    clock, stream = Clock(), Terminal()
    screen = LiveScreen(stream, now=clock, colour=False, width=120, ticks=False)
    for done in range(500):
        screen.tell(QuestionsAnswered(BOT, done, 500))
    screen.refresh()
    screen.close()
    assert "499 of 500 answers" in stream.getvalue()


def test_json_is_one_object_a_line() -> None:
    clock, stream = Clock(), io.StringIO()
    told(JsonScreen(stream, clock), clock)
    kinds = [json.loads(line)["type"] for line in stream.getvalue().splitlines()]
    assert kinds[0] == "apply_start"
    assert kinds[-3:] == ["apply_errored", "apply_skipped", "diagnostic"]


@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_bars_are_drawn_on_narrow_and_wide_terminals(width: int) -> None:
    clock, stream = Clock(), Terminal()
    screen = LiveScreen(stream, now=clock, colour=False, width=width, ticks=False)
    for moment, event in STORY[:9]:
        clock.time = moment
        screen.tell(event)
        screen.refresh()
    clock.time = 35
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    screen.close()
    lines = [line for part in drawn.splitlines() for line in part.split("\r")]
    bars = [line for line in lines if "0:00:3" in line]
    assert bars
    assert all(len(line) <= width for line in bars)
    if width >= 80:
        assert "step 20/300, loss 1.5" in drawn
        assert "1.0 MB of 2.5 MB" in drawn


def test_everything_final_stays_on_the_terminal() -> None:
    clock, stream = Clock(), Terminal()
    told(LiveScreen(stream, now=clock, colour=False, width=120, ticks=False), clock)
    text = stream.getvalue()
    assert f"model.support-bot: Creation complete after 12m3s [id={TUNED}]" in text
    assert "│ Error: Job failed" in text
    assert "    ftplan cancel model.x" in text


def test_the_screen_fits_the_stream() -> None:
    clock = Clock()
    assert isinstance(open_screen(io.StringIO(), colour=False, json=False, now=clock), PlainScreen)
    assert isinstance(open_screen(io.StringIO(), colour=False, json=True, now=clock, out=io.StringIO()), JsonScreen)
    live = open_screen(Terminal(), colour=True, json=False, now=clock)
    live.close()
    assert isinstance(live, LiveScreen)


def test_rich_is_not_paid_for_without_a_terminal() -> None:
    code = "import sys, ftplan.views.terminal, ftplan.views.plan_text; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_closing_sentence_counts_what_was_done() -> None:
    tally = Tally()
    for _, event in STORY:
        tally.tell(event)
    for event in ENDINGS:
        tally.tell(event)
    assert apply_summary(tally.counts) == "Apply complete! Resources: 2 added, 0 changed, 0 destroyed."
    assert (tally.failed, tally.skipped, tally.ids["model.support-bot"]) == (1, 1, TUNED)
    assert apply_summary((0, 0, 2), "destroy") == "Destroy complete! Resources: 2 destroyed."


@pytest.mark.parametrize(("seconds", "said"), [(0, "0s"), (30.9, "30s"), (723, "12m3s"), (7205, "2h0m5s"), (-1, "0s")])
def test_durations_are_terraforms(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2 * 10**12, "2000.0 GB")])
def test_sizes_are_short(count: int, said: str) -> None:
    assert size(count) == said
