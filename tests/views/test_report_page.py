"""The report of a plan: what it says of every kind of plan, what it is made of, and what its pictures keep to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from example_diffs import crowded, refused, rehearsed, reviewed
from example_plans import EXAMPLES, changed_epochs, first_plan, no_changes
from example_reports import many, project, wide_range
from hostile_plan import hostile_plan
from hypothesis import given
from hypothesis import strategies as st
from page_reading import Reader

from ftplan.core.dataset_diff import RowChange, TextChange
from ftplan.core.plan import Plan
from ftplan.views.pages.page import POLICY
from ftplan.views.report.diffs import LISTED, QUOTED
from ftplan.views.report.graph_layout import layered
from ftplan.views.report.links import addresses
from ftplan.views.report.plan_graph import MOST_BOXES, plan_graph
from ftplan.views.report.report_page import render_report
from ftplan.views.report.texts import render_texts

PLANS: Mapping[str, Callable[[], Plan]] = {
    **EXAMPLES,
    "project": project,
    "many": many,
    "wide_range": wide_range,
    "refused": refused,
    "rehearsed": rehearsed,
    "reviewed": reviewed,
    "hostile": lambda: hostile_plan('"><script>alert(1)</script> model.x\n::error::'),
}
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer", "section", "h1", "h2", "h3",
    "h4", "p", "bdi", "dl", "div", "dt", "dd", "small", "strong", "code", "del", "ins", "figure", "svg", "g", "line",
    "path", "text", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "ul", "li",
    "a",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "tabindex", "role", "scope", "open",
    "aria-label", "aria-hidden", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "d", "dy", "text-anchor",
}  # fmt: skip
CHECKSUM = "0123456789abcdef" * 4
MOST_BYTES = 3_000_000


@pytest.fixture(params=PLANS)
def read(request: pytest.FixtureRequest) -> Reader:
    return Reader(render_report(PLANS[request.param](), checksum=CHECKSUM))


def test_the_report_of_a_plan(golden: Callable[[str, str], None]) -> None:
    golden("report_page.html", render_report(reviewed(), checksum=CHECKSUM))


def test_what_every_kind_of_plan_says_first(golden: Callable[[str, str], None]) -> None:
    said = []
    for name, make in PLANS.items():
        page = Reader(render_report(make(), checksum=CHECKSUM))
        last = next(place for place, said_there in enumerate(page.said["p"]) if "Made" in said_there)
        leads = page.said["p"][1 : last + 1]
        boxes = [f"{what}: {figure}" for what, figure in zip(page.said["dt"], page.said["dd"], strict=True)]
        said += [f"## {name}", page.said["h1"][0], *leads, *boxes, ""]
    golden("report_heads.txt", "\n".join(said))


def test_a_report_is_made_of_harmless_parts_alone(read: Reader) -> None:
    assert set(read.names) <= ELEMENTS
    assert set(read.attributes) <= ATTRIBUTES
    assert POLICY in read.attributes["content"]
    assert not re.search(r"url\(|@import", read.said["style"][0])


def test_every_link_leads_to_a_place_of_the_page(read: Reader) -> None:
    assert len(read.ids) == len(set(read.ids))
    assert [target for target in read.links if not target.startswith("#")] == []
    assert {target[1:] for target in read.links} <= set(read.ids)


def test_headings_go_down_a_step_at_a_time(read: Reader) -> None:
    levels = [int(name[1]) for name in read.names if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [after for before, after in pairwise(levels) if after > before + 1] == []


def test_every_picture_and_every_box_that_scrolls_has_a_name(read: Reader) -> None:
    assert read.names.count("svg") <= len(read.attributes.get("aria-label", ()))
    assert read.names.count("table") == read.names.count("caption")
    assert "" not in read.attributes["aria-label"]


def test_a_report_is_the_same_each_time() -> None:
    made = project()
    turned = replace(
        made, after=dict(reversed(made.after.items())), before=dict(reversed(made.before.items())), variables={
            name: made.variables[name] for name in reversed(list(made.variables))
        },
    )  # fmt: skip
    assert render_report(turned, checksum=CHECKSUM) == render_report(made, checksum=CHECKSUM)


@pytest.mark.parametrize(
    ("make", "checksum", "offered"),
    [
        (first_plan, CHECKSUM, True),
        (first_plan, "", False),
        (no_changes, CHECKSUM, False),
        (refused, CHECKSUM, False),
        (EXAMPLES["planning_failed"], CHECKSUM, False),
    ],
)
def test_the_command_stands_there_where_it_may_be_run(make: Callable[[], Plan], checksum: str, offered: bool) -> None:
    page = Reader(render_report(make(), checksum=checksum))
    assert (f"ftplan apply -checksum={CHECKSUM}" in page.said.get("code", ())) is offered
    assert ("Carry out exactly this" in page.said["h2"]) is offered


def test_what_refuses_a_plan_stands_above_its_figures() -> None:
    page = Reader(render_report(refused(), checksum=CHECKSUM))
    places = [page.text.index(said) for said in ("Refused: nothing", "2 rules refuse", "Estimated cost", "1 warning")]
    assert places == sorted(places)
    assert "✕ refused by budget.max_per_model: $3.21, allowed: $1.00" in page.said["p"]


def test_every_address_has_its_section_and_every_box_leads_to_one() -> None:
    made = project()
    page = Reader(render_report(made))
    headings = " ".join(page.said["h3"])
    kept = " ".join(page.said["li"])
    assert [address for address in addresses(made) if address not in headings and address not in kept] == []
    assert page.names.count("svg") == 3


def test_the_graph_shows_what_is_trained_on_what() -> None:
    lines = plan_graph(project()).lines
    assert lines["dataset.tickets", "model.support-bot"] == "dataset"
    assert lines["dataset.holdout", "model.support-bot"] == "validation"
    assert lines["model.support-bot", "model.polite-bot"] == "base_model"
    assert lines["dataset.tickets", "model.old-bot"] == "dataset", "by its content, as nothing declares it any more"


def test_of_too_many_the_changed_ones_are_drawn_and_the_rest_is_counted() -> None:
    graph = plan_graph(many())
    assert len(graph.boxes) + graph.left_out == 209
    assert len(graph.boxes) <= MOST_BOXES
    assert all(box.symbol for box in graph.boxes if box.address.startswith("model."))
    page = Reader(render_report(many()))
    assert f"Drawn are {len(graph.boxes)} of 209, changed ones first; all are in the lists below." in page.said["p"]
    assert len([place for place in page.ids if place.startswith("model-bot-")]) == 200


def test_the_dearest_are_drawn_and_the_rest_is_summed() -> None:
    page = Reader(render_report(many()))
    assert "56 other models together" in page.said["text"]
    assert "$630.75" in page.said["text"]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    names = [f"n{number}" for number in range(draw(st.integers(0, 14)))]
    ends = st.sampled_from(names) if names else st.nothing()
    edges = draw(st.lists(st.tuples(ends, ends), max_size=25)) if names else []
    first = draw(st.sets(ends, max_size=5)) if names else set()
    return names, edges, sorted(first)


@given(graphs())
def test_no_two_boxes_share_a_place_and_lines_lead_to_the_right(
    graph: tuple[list[str], list[tuple[str, str]], list[str]],
) -> None:
    names, edges, first = graph
    places = layered(names, edges, first)
    assert sorted(places.spots) == sorted(names)
    for (column, height), (other, level) in combinations(places.spots.values(), 2):
        assert column != other or abs(height - level) > 1 - 1e-9
    for start, end in places.bends:
        assert places.spots[start][0] < places.spots[end][0]
    assert all(0.5 - 1e-9 <= height <= places.height - 0.5 + 1e-9 for _, height in places.spots.values())
    assert layered(names, list(reversed(edges)), first) == places


def test_what_rows_say_is_quoted_only_where_the_plan_holds_it() -> None:
    shown = Reader(render_report(reviewed()))
    assert (shown.said["del"][0], shown.said["ins"][0]) == ("order", "parcel")
    diff = reviewed().dataset_diffs["tickets"]
    silent = replace(diff, rows=tuple(replace(change, texts=()) for change in diff.rows))
    hidden = Reader(render_report(replace(reviewed(), dataset_diffs={"tickets": silent})))
    assert not {"del", "ins"} & set(hidden.names)
    assert "3 edited, 1 added of 501" in hidden.text


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("Where is my order?", "Where is my parcel?", ["order"], ["parcel"]),
        ("one two three", "one three", ["two"], []),
        ("same", "same", [], []),
        ("a\nb", "a\nc\nb", [], ["c"]),
        ("x " * 390, "y " * 390, [" ".join("x" * 390)], [" ".join("y" * 390)]),
        (None, "only now", [], []),
        ("only before", None, [], []),
    ],
)
def test_the_words_that_differ_are_marked(
    before: str | None, after: str | None, gone: list[str], new: list[str]
) -> None:
    page = Reader(render_texts(RowChange("edited", 1, 1, texts=(TextChange("x", before, after),))))
    assert (page.said.get("del", []), page.said.get("ins", [])) == (gone, new)


def test_a_large_report_stays_small_and_says_what_it_leaves_out() -> None:
    page = render_report(crowded(), checksum=CHECKSUM)
    assert len(page.encode()) < MOST_BYTES
    read = Reader(page)
    assert f"And {5_000 - LISTED:,} more, counted above and not listed." in read.said["p"]
    assert f"And {5_000 - QUOTED:,} more rows, not quoted here." in read.said["p"]
    assert "195 more" in read.said["summary"]


def test_an_odd_date_costs_the_marks_of_months_and_nothing_else() -> None:
    page = Reader(render_report(replace(changed_epochs(), created_at="some day")))
    assert "53 days, to 2027-01-14" in page.said["text"]
    assert "today" not in page.said["text"]
