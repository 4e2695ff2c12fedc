"""Variables: where a value comes from, what it becomes, and where it may stand."""

from __future__ import annotations

import pytest

TYPED = "version: 1\nvariables: {v: {type: %s}}\nbudget: {max_total: 1}\n"


def summaries(loaded) -> list[str]:
    return [problem.summary for problem in loaded.problems]


@pytest.mark.parametrize(
    ("env", "files", "given", "value"),
    [
        (None, [], None, 1),
        ("2", [], None, 2),
        ("2", [3], None, 3),
        ("2", [3, 4], None, 4),
        ("2", [3, 4], "5", 5),
        ("2", [], "5", 5),
    ],
)
def test_the_nearest_to_the_command_wins(load, env, files, given, value):
    loaded = load(
        "version: 1\nvariables: {n: {type: integer, default: 1}}\n",
        environ={} if env is None else {"FTPLAN_VAR_n": env, "FTPLAN_VAR_other": "x"},
        file_text={f"{i}.yaml": f"n: {number}\n" for i, number in enumerate(files)},
        variables={} if given is None else {"n": given},
    )
    assert loaded.problems == []
    assert loaded.project.variables == {"n": value}


def test_the_environment_of_the_process_is_not_looked_at(load, monkeypatch):
    monkeypatch.setenv("FTPLAN_VAR_n", "2")
    assert load("version: 1\nvariables: {n: {default: 1}}\n").project.variables == {"n": 1}


@pytest.mark.parametrize(
    ("wanted", "text", "value"),
    [
        ("string", "007", "007"),
        ("string", "${var.v}", "${var.v}"),
        ("integer", "-7", -7),
        ("number", "1e-4", 0.0001),
        ("number", "2", 2),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("list", '["a", 1]', ["a", 1]),
    ],
)
def test_text_from_outside_is_read_as_declared(load, wanted, text, value):
    got = load(TYPED % wanted, variables={"v": text}).project.variables["v"]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("integer", "1.5"),
        ("integer", "x"),
        ("integer", "9" * 5000),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1e999"),
        ("boolean", "yes"),
        ("list", "a,b"),
        ("list", "[NaN]"),
        ("list", '[{"a": 1}]'),
        ("list", "[" * 5000),
        ("string", "a\x1b[2J"),
        ("string", "\udc80"),
    ],
)
def test_text_that_does_not_fit_is_a_problem(load, wanted, text):
    loaded = load(TYPED % wanted, variables={"v": text})
    assert summaries(loaded)[0] in ("Wrong type of variable", "Character not allowed")
    assert (loaded.problems[0].place.line, loaded.problems[0].place.column) == (2, 13)


@pytest.mark.parametrize(("wanted", "value"), [("string", "5"), ("integer", "'5'"), ("boolean", "1"), ("list", "a")])
def test_typed_values_are_not_bent(load, wanted, value):
    loaded = load(TYPED % wanted, file_text={"v.yaml": f"v: {value}\n"})
    assert summaries(loaded) == ["Wrong type of variable"]
    assert loaded.problems[0].place.path.endswith("v.yaml")
    assert load(f"version: 1\nvariables: {{v: {{type: {wanted}, default: {value}}}}}\n").project is None


def test_without_a_type_the_default_decides(load):
    text = "version: 1\nvariables: {v: {default: 3}}\n"
    assert load(text, variables={"v": "5"}).project.variables == {"v": 5}
    assert summaries(load(text, variables={"v": "five"})) == ["Wrong type of variable"]


def test_a_variable_files_may_be_json(load):
    loaded = load(TYPED % "integer", file_text={"v.json": '{\n  "v": 4\n}\n'})
    assert loaded.project.variables == {"v": 4}


@pytest.mark.parametrize("content", ["[1]", "v: [", "v: 1\nv: 2", "v: !!python/name:os.system ''", "a\x00b"])
def test_a_broken_variable_file_is_a_problem_of_its_own(load, content):
    loaded = load("version: 1\nvariables: {v: {default: 1}}\n", file_text={"v.yaml": content})
    assert loaded.project is None
    place = loaded.problems[0].place
    assert place.path.endswith("v.yaml")
    assert place.line >= 1
    assert place.column >= 1


def test_an_unknown_name_is_an_error_on_the_command_line_and_a_warning_in_a_file(load):
    text = "version: 1\nvariables: {epochs: {default: 1}}\n"
    loaded = load(text, variables={"epoch": "3"})
    assert [(p.summary, p.advice) for p in loaded.problems] == [("Unknown variable", 'Did you mean "epochs"?')]
    loaded = load(text, file_text={"v.yaml": "epoch: 3\n"})
    assert [p.severity for p in loaded.problems] == ["warning"]
    assert loaded.project is not None


def test_a_whole_value_keeps_its_type_and_within_a_text_it_is_text(load):
    text = (
        "version: 1\nproviders: {a: {}}\nvariables: {n: {default: 3}, b: {default: true}, l: {default: [seed]}}\n"
        "models:\n  m:\n    base_model: b-${var.n}-${ var.b }\n    dataset: a/b\n    epochs: ${var.n}\n"
        "    suffix: $${var.n}$\n"
        "    lifecycle: {prevent_destroy: '${var.b}', ignore_changes: '${var.l}'}\n"
    )
    model = load(text).project.models["m"]
    assert model.base_model == "b-3-true"
    assert model.method.n_epochs == 3
    assert model.suffix == "${var.n}$"
    assert model.lifecycle.prevent_destroy is True
    assert model.lifecycle.ignore_changes == ("seed",)


def test_values_are_not_interpolated_again(load):
    text = "version: 1\nvariables: {a: {}, b: {default: x}}\nproviders: {p: {organization: '${var.a}'}}\n"
    assert load(text, variables={"a": "${var.b}"}).project.providers["p"].organization == "${var.b}"


@pytest.mark.parametrize(
    "line",
    [
        "state: {path: '${var.v}'}",
        "providers: {p: {base_url: 'https://${var.v}/'}}",
        "providers: {p: {api_key_env: '${var.v}'}}",
        "variables: {v: {default: x}, w: {default: '${var.v}'}}",
    ],
)
def test_some_places_must_be_written_out(load, line):
    head = "version: 1\n" if "variables" in line else "version: 1\nvariables: {v: {default: x}}\n"
    assert summaries(load(head + line + "\n")) == ["Variable not allowed here"]


def test_a_key_takes_no_variable(load):
    assert "Variable in a key" in summaries(load("version: 1\ndatasets: {'${var.x}': {path: a}}\n"))


@pytest.mark.parametrize(
    "text", ["${", "${}", "${var}", "${var.}", "${var.a", "${var.a.b}", "${env:X}", "${{a}}", "a${1}"]
)
def test_anything_else_in_braces_is_a_problem(load, text):
    loaded = load(f"version: 1\nvariables: {{a: {{default: x}}}}\nproject: '{text}'\n")
    assert summaries(loaded) == ["Unknown interpolation"]


def test_a_problem_with_a_value_names_its_variable(load):
    head = "version: 1\nproviders: {p: {}}\nvariables: {n: {default: 99}}\n"
    text = head + "models: {m: {base_model: m, dataset: a/b, epochs: '${var.n}'}}\n"
    assert load(text).problems[0].advice == "The value comes from ${var.n}."
