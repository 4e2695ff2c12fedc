"""fmt moves white space and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.config.compose import parse_tree
from ftplan.config.fmt import format_text
from ftplan.config.starter import starter_files
from ftplan.errors import ConfigError

UNTIDY = """\


version:   1
project: "x"
# providers here
providers:
    openai:   {}
    # a foundry
    foundry:
        type:   azure   # inline


        base_url: "https://x"
models:
   bot:
      base_model: a
      lifecycle:
            ignore_changes:
            -   suffix
            # second
            -   seed
      grader:
            source: |
                def grade():

                    return 1
            name:   >-
               folded
               text
      metadata: {
          a: b,
            c: d   # hi
      }
      # the last of bot
   list:
   -   a:  1
       b:    2
   - - x
     -   y
   -
       k: v
   -   # nothing
   - "multi
      line"
   - &an
     z: 1
   - *an
# end


"""
TIDY = """\
version: 1
project: "x"
# providers here
providers:
  openai: {}
  # a foundry
  foundry:
    type: azure   # inline

    base_url: "https://x"
models:
  bot:
    base_model: a
    lifecycle:
      ignore_changes:
        - suffix
        # second
        - seed
    grader:
      source: |
          def grade():

              return 1
      name: >-
         folded
         text
    metadata: {
        a: b,
          c: d   # hi
    }
    # the last of bot
  list:
    - a: 1
      b: 2
    - - x
      - y
    -
      k: v
    -   # nothing
    - "multi
       line"
    - &an
      z: 1
    - *an
# end
"""


def meaning(text: str) -> str:
    tree, problems = parse_tree(text, "f")
    assert problems == []
    return json.dumps(tree.value if tree else None)


def test_an_untidy_file_becomes_tidy():
    assert format_text(UNTIDY) == TIDY


def test_a_tidy_file_stays():
    assert format_text(TIDY) == TIDY
    starter = starter_files("p")["ftplan.yaml"]
    assert format_text(starter) == starter


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n\n", ""),
        ("a: 1", "a: 1\n"),
        ("a: 1   \n\n\n", "a: 1\n"),
        ("\ufeffa:  1\r\nb:  2\r\n", "a: 1\nb: 2\n"),
        ("# only\n\n\n# comments", "# only\n\n# comments\n"),
        ("a :   1\n", "a: 1\n"),
        ("a:   # why\n      b: 1\n", "a:   # why\n  b: 1\n"),
        ("a:\n- 1\n-  2\n", "a:\n  - 1\n  - 2\n"),
        ("a: |+\n  x\n\n\n", "a: |+\n  x\n\n\n"),
        ("a: |\n  x\n\n\nb: 1\n", "a: |\n  x\n\nb: 1\n"),
        ("a: |2\n    x  \n   y\n", "a: |2\n    x  \n   y\n"),
        ("a: 'x   \n\n\n   y'\n", "a: 'x   \n\n\n   y'\n"),
        ("---\na:  1\n", "---\na: 1\n"),
        ("'a: b':   'c:   d'\n", "'a: b': 'c:   d'\n"),
        ("a:   [1,   2]\n", "a: [1,   2]\n"),
        ("a:   # x:   y\n", "a:   # x:   y\n"),
        ("-   a:   - b\n".replace("a:   - b", "a"), "- a\n"),
    ],
)
def test_small_things_are_put_right(before, after):
    assert format_text(before) == after
    assert format_text(after) == after


@pytest.mark.parametrize(
    "text", ["a:\n\tb: 1\n", "a: [1,\n\t2]\nb:\n \tc: 1\n", "a: [", "a: 1\na: 2\n", "a\x00", "!!x a"]
)
def test_what_cannot_be_read_is_refused_with_a_place(text):
    with pytest.raises(ConfigError) as caught:
        format_text(text, "f.yaml")
    assert all(problem.place.line and problem.place.path == "f.yaml" for problem in caught.value.problems)


WORDS = st.sampled_from(
    ["a", "b-c", "x1", "'it''s'", '"q: #"', "3", "true", "[1,  2]", "{a:  b}", "é😀", "x: y".replace(": ", ":")]
)
NAMES = st.lists(st.sampled_from(["a", "b", "c", "'d e'", "f_g", "'1'"]), min_size=1, max_size=3, unique=True)
BLOCKS = st.sampled_from(
    [
        ["|", "one", "", "  two"],
        [">-", "one", "two  "],
        ["|+", "x", ""],
        ['"one', 'two"'],
        ["one", "two"],
        ["[a,", "b]"],
    ]
)
TREES = st.recursive(
    st.one_of(WORDS, BLOCKS.map(tuple)),
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3), NAMES.flatmap(lambda n: st.fixed_dictionaries(dict.fromkeys(n, below)))
    ),
    max_leaves=8,
)
DOCUMENTS = NAMES.flatmap(lambda names: st.fixed_dictionaries(dict.fromkeys(names, TREES)))


def rendered(value: object, column: int, draw, in_list: bool = False) -> list[str]:
    """`value` as block YAML at `column`, in a layout of `draw`'s choosing."""
    rows: list[str] = []

    def aside() -> None:
        for _ in range(draw(st.integers(0, 3)) // 2):
            rows.append(
                draw(
                    st.sampled_from(
                        ["", "   ", " " * column + "# why  not", "# at the edge", " " * (column + 1) + "# off"]
                    )
                )
            )

    items = value.items() if isinstance(value, dict) else [(None, item) for item in value]
    for key, item in items:
        aside()
        gap = " " * draw(st.integers(1, 4))
        head = " " * column + (f"{key}" + " " * draw(st.integers(0, 1)) + ":" if key else "-")
        step = draw(st.integers(1, 5))
        if isinstance(item, str):
            rows.append(head + gap + item + draw(st.sampled_from(["", "  ", "   # tail"])))
        elif isinstance(item, tuple):
            inner = column + step + 1
            rows.append(head + gap + item[0])
            rows += [" " * inner + row if row else "" for row in item[1:]]
        elif key is None and draw(st.booleans()):
            inner = rendered(item, column + 1 + len(gap), draw)
            first = next(i for i, row in enumerate(inner) if row.strip() and not row.strip().startswith("#"))
            rows.append(head + gap + inner[first].lstrip())
            rows += inner[first + 1 :]
        else:
            rows.append(head)
            unindented = key is not None and isinstance(item, list) and draw(st.booleans())
            rows += rendered(item, column if unindented else column + step, draw)
    return rows


@settings(max_examples=400, deadline=None)
@given(st.data(), DOCUMENTS)
def test_meaning_and_comments_stay_and_twice_is_once(data, document):
    text = "\n".join(rendered(document, 0, data.draw)) + data.draw(st.sampled_from(["", "\n", "\n\n"]))
    formatted = format_text(text)
    assert meaning(formatted) == meaning(text)
    assert formatted.split() == text.replace(" :", ":").split() or "".join(formatted.split()) == "".join(text.split())
    assert format_text(formatted) == formatted
    # A block text that the file ends in has no line end of its own; giving it one would change it.
    assert formatted.endswith("\n") or not text.endswith("\n")


@settings(max_examples=200, deadline=None)
@given(st.data(), DOCUMENTS)
def test_a_layout_is_really_made_tidy(data, document):
    """Not only unchanged: keys stand at even columns with one space behind, unless a text over lines is near."""
    text = "\n".join(rendered(document, 0, data.draw)) + "\n"
    formatted = format_text(text)
    if any(mark in text for mark in ("|", ">", '"one', "one", "[a,")):
        return
    for row in formatted.splitlines():
        indent = len(row) - len(row.lstrip(" "))
        if not row.strip().startswith("#"):
            assert indent % 2 == 0, formatted
            assert row == row.rstrip()
    assert "\n\n\n" not in formatted


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(list("ab:-[]{}&*|>'\"#, \n")), max_size=50))
def test_any_text_is_formatted_or_refused(text):
    try:
        formatted = format_text(text)
    except ConfigError:
        return
    assert format_text(formatted) == formatted
    assert meaning(formatted) == meaning(text)
