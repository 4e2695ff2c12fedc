"""Whatever a provider, a file or a configuration says: no view lets it act."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from hostile_plan import hostile_diff, hostile_events, hostile_plan, hostile_problem, hostile_state
from hostile_text import HOSTILE, INJECTIONS, LONG, is_harmless

from ftplan.views.diff_text import render_diff
from ftplan.views.graph_text import render_dot
from ftplan.views.json_documents import model_outputs, output_document, state_document, validate_document
from ftplan.views.json_text import json_text
from ftplan.views.markdown.comment import LIMITS, render_markdown
from ftplan.views.markdown.diff import render_diff_markdown
from ftplan.views.message_text import render_problems
from ftplan.views.plan_json import plan_document
from ftplan.views.plan_stream import plan_stream
from ftplan.views.plan_text import render_plan
from ftplan.views.state_text import render_outputs, render_state
from ftplan.views.style import Style
from ftplan.views.terminal import JsonScreen, LiveScreen, PlainScreen

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
PLAIN = Style(False)


def heard(screen_of: Callable[[io.StringIO], PlainScreen | JsonScreen | LiveScreen], text: str) -> str:
    stream = io.StringIO()
    screen = screen_of(stream)
    for event in hostile_events(text):
        screen.tell(event)
    screen.close()
    return stream.getvalue()


def live(text: str) -> str:
    def screen(stream: io.StringIO) -> LiveScreen:
        return LiveScreen(stream, now=lambda: 0.0, colour=False, width=100, ticks=False)

    # What rich itself sends to place its bars is no text of ours.
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", heard(screen, text))


RENDERERS: dict[str, Callable[[str], str]] = {
    "plan": lambda text: render_plan(hostile_plan(text), PLAIN),
    "compact plan": lambda text: render_plan(hostile_plan(text), PLAIN, compact_warnings=True),
    "concise plan": lambda text: render_plan(hostile_plan(text), PLAIN, concise=True),
    "plan document": lambda text: json_text(plan_document(hostile_plan(text), hostile_state(text))),
    "plan stream": lambda text: "\n".join(plan_stream(hostile_plan(text), NOW)),
    "markdown": lambda text: render_markdown(hostile_plan(text)),
    "dataset diff": lambda text: render_diff(hostile_diff(text), text, PLAIN),
    "dataset diff as Markdown": lambda text: render_diff_markdown(hostile_diff(text), text, LIMITS["github"]),
    "problems": lambda text: render_problems([hostile_problem(text)], PLAIN),
    "validation": lambda text: json_text(validate_document([hostile_problem(text)])),
    "state": lambda text: render_state(hostile_state(text)),
    "state document": lambda text: json_text(state_document(hostile_state(text))),
    "outputs": lambda text: render_outputs({text: text}),
    "output document": lambda text: json_text(output_document(model_outputs(hostile_state(text)))),
    "graph": lambda text: render_dot([text], [(text, text)]),
    "lines": lambda text: heard(lambda stream: PlainScreen(stream, lambda: 0.0), text),
    "json lines": lambda text: heard(lambda stream: JsonScreen(stream, lambda: 0.0), text),
    "bars": live,
}
# JSON has every text whole, however long.
KEEPING = {"plan document", "plan stream", "validation", "state document", "output document", "json lines"}


@pytest.mark.parametrize("renderer", RENDERERS)
def test_no_renderer_lets_foreign_text_act(renderer: str) -> None:
    texts = {name: text for name, text in INJECTIONS.items() if renderer not in KEEPING or name not in LONG}
    acted = [name for name, text in texts.items() if not is_harmless(RENDERERS[renderer](text))]
    assert acted == []


@pytest.mark.parametrize("text", HOSTILE)
def test_json_keeps_the_very_text(text: str) -> None:
    assert json.loads(json_text(plan_document(hostile_plan(text))))["variables"] == {text: {"value": text}}
