"""Every problem is told at once, with its place, what was found and what was expected."""

# ruff: noqa: E501  (a message is easier to read in one line)
from __future__ import annotations

import pytest

BOT = "version: 1\nproviders: {openai: {}}\nmodels:\n  bot:\n    base_model: m\n    dataset: data/x.jsonl\n"
RFT = BOT + "    method: reinforcement\n    grader: "


def lines(loaded) -> list[str]:
    return [f"{p.place.line}:{p.place.column} {p.summary} | {p.detail} | {p.advice}" for p in loaded.problems]


ONE = {
    "version": ("version: 2\n", "1:10 Invalid value | version is the number 2; expected the number 1. | "),
    "no version": (
        "project: x\n",
        "1:1 Missing key | The file needs the key version. | Version of this file's format. Always 1.",
    ),
    "no mapping": ("- version\n", "1:1 Wrong type | the file is a list; expected a mapping. | "),
    "unknown key": (
        "version: 1\nmodles: {}\n",
        '2:1 Unknown key | The file has no key "modles". | Did you mean "models"?',
    ),
    "unknown key, nothing near": (
        "version: 1\nbudget: {zzz: 1}\n",
        '2:10 Unknown key | budget has no key "zzz". | Keys that may stand here: max_total, max_per_model, max_per_month, action.',
    ),
    "a key of the API": (
        BOT + "    hyperparameters: {n_epochs: 3}\n",
        '7:23 Unknown key | models.bot.hyperparameters has no key "n_epochs". | Here it is `epochs`, a key of the model.',
    ),
    "inside a dataset": (
        "version: 1\ndatasets: {a: {path: x, pth: y}}\n",
        '2:25 Unknown key | datasets.a has no key "pth". | Did you mean "path"?',
    ),
    "inside a dataset of a model": (
        BOT + "    validation: {paht: x}\n",
        '7:18 Unknown key | models.bot.validation has no key "paht". | Did you mean "path"?',
    ),
    "name": (
        "version: 1\nproject: 9 lives\n",
        '2:10 Invalid value | project is the text "9 lives"; expected a name: a letter or _, then letters, digits, _ or '
        "-, 64 characters at most. | ",
    ),
    "name of a thing": (
        'version: 1\ndatasets: {"a b": {path: x}}\n',
        '2:12 Invalid name | datasets holds the name "a b"; expected a name: a letter or _, then letters, digits, _ or '
        "-, 64 characters at most. | ",
    ),
    "epochs": (
        BOT + "    epochs: 99\n",
        "7:13 Invalid value | models.bot.epochs is the number 99; expected a whole number from 1 to 50 or the word auto. | ",
    ),
    "epochs as text": (
        BOT + "    epochs: outo\n",
        '7:13 Invalid value | models.bot.epochs is the text "outo"; expected a whole number from 1 to 50 or the word '
        'auto. | Did you mean "auto"?',
    ),
    "epochs as a truth": (
        BOT + "    epochs: true\n",
        "7:13 Wrong type | models.bot.epochs is the word true; expected a whole number from 1 to 50 or the word auto. | ",
    ),
    "escaped variable as a number": (
        BOT + "    epochs: $${var.x}\n",
        '7:13 Invalid value | models.bot.epochs is the text "${var.x}"; expected a whole number from 1 to 50 or the '
        "word auto. | ",
    ),
    "seed": (
        BOT + "    seed: 2147483648\n",
        "7:11 Invalid value | models.bot.seed is the number 2147483648; expected a whole number from 0 to 2147483647. | ",
    ),
    "suffix": (
        BOT + f"    suffix: {'x' * 65}\n",
        "7:13 Invalid value | models.bot.suffix has 65 characters; expected text of 1 to 64 characters. | ",
    ),
    "nothing": (
        BOT + "    suffix:\n",
        "7:12 Wrong type | models.bot.suffix is empty; expected text of 1 to 64 characters. | ",
    ),
    "beta": (
        BOT + "    method: dpo\n    hyperparameters: {beta: 2.5}\n",
        "8:29 Invalid value | models.bot.hyperparameters.beta is the number 2.5; expected a number greater than 0 and at "
        "most 2 or the word auto. | ",
    ),
    "method": (
        BOT + "    method: supervise\n",
        '7:13 Invalid value | models.bot.method is the text "supervise"; expected one of supervised, dpo, '
        'reinforcement. | Did you mean "supervised"?',
    ),
    "yes": (
        BOT + "    lifecycle: {prevent_destroy: yes}\n",
        '7:34 Wrong type | models.bot.lifecycle.prevent_destroy is the text "yes"; expected true or false. | ',
    ),
    "ignored": (
        BOT + "    lifecycle: {ignore_changes: [sead]}\n",
        '7:34 Invalid value | models.bot.lifecycle.ignore_changes[0] is the text "sead"; expected one of suffix, seed, '
        'epochs, hyperparameters, validation, method, base_model, dataset. | Did you mean "seed"?',
    ),
    "ignored twice": (
        BOT + "    lifecycle: {ignore_changes: [seed, seed]}\n",
        "7:17 Invalid value | models.bot.lifecycle.ignore_changes names something twice. | ",
    ),
    "metadata of ours": (
        BOT + "    metadata: {ftplan_key: x}\n",
        '7:16 Invalid name | models.bot.metadata holds the name "ftplan_key"; expected 1 to 64 characters that do not '
        "begin with ftplan_. | ",
    ),
    "metadata number": (
        BOT + "    metadata: {wave: 3}\n",
        "7:22 Wrong type | models.bot.metadata.wave is the number 3; expected text of 0 to 512 characters. | "
        'To make it text, put it in quotes: "3".',
    ),
    "much metadata": (
        BOT + f"    metadata: {{{', '.join(f'k{i}: a' for i in range(13))}}}\n",
        "7:5 Invalid value | models.bot.metadata has 13 entries; expected 12 at most. | ",
    ),
    "integration": (
        BOT + "    integrations: {wanb: {}}\n",
        '7:20 Unknown key | models.bot.integrations has no key "wanb". | Did you mean "wandb"?',
    ),
    "integration without a project": (
        BOT + "    integrations: {wandb: {entity: x}}\n",
        "7:20 Missing key | models.bot.integrations.wandb needs the key project. | Name of the project there.",
    ),
    "budget": (
        "version: 1\nbudget: {max_total: -1}\n",
        "2:21 Invalid value | budget.max_total is the number -1; expected a number of at least 0. | ",
    ),
    "key variable": (
        "version: 1\nproviders: {openai: {api_key_env: 0123abcd}}\n",
        "2:35 Invalid value | providers.openai.api_key_env is (hidden); expected the name of an environment variable, in "
        "capitals, like OPENAI_API_KEY. | ",
    ),
    "grader kind": (
        RFT + "{type: string_chek}\n",
        '8:20 Invalid value | models.bot.grader.type is the text "string_chek"; expected one of string_check, '
        'text_similarity, python, score_model, multi. | Did you mean "string_check"?',
    ),
    "grader within": (
        RFT + "{type: multi, calculate_output: a, graders: {a: {type: python, sorce: x, source: y}}}\n",
        '8:76 Unknown key | models.bot.grader.graders.a has no key "sorce". | Did you mean "source"?',
    ),
    "grader missing": (
        BOT + "    method: reinforcement\n",
        "7:13 Grader missing | models.bot: the method reinforcement needs a grader, which scores the answers. | "
        "Add `grader:`; its kinds are in `ftplan schema config`.",
    ),
    "grader elsewhere": (
        BOT + "    grader: {type: python, source: x}\n",
        "7:5 Setting of another method | models.bot: a grader has no part in the method supervised. | "
        "Remove it, or write `method: reinforcement`.",
    ),
    "beta elsewhere": (
        BOT + "    hyperparameters: {beta: 0.1}\n",
        "7:29 Setting of another method | models.bot: beta is a setting of the method dpo; this model's method is "
        "supervised. | Remove it, or write `method: dpo`.",
    ),
    "unknown dataset": (
        "version: 1\nproviders: {a: {}}\ndatasets: {tickets: {path: x}}\nmodels: {b: {base_model: m, dataset: tikets}}\n",
        '4:38 Unknown dataset | models.b: there is no dataset "tikets"; declared are tickets. | Did you mean "tickets"?',
    ),
    "unknown provider": (
        BOT + "    provider: opnai\n",
        '7:15 Unknown provider | models.bot: there is no provider "opnai"; declared are openai. | Did you mean "openai"?',
    ),
    "unknown parent": (
        BOT + "  child: {base_model: model.bat, dataset: x/y}\n",
        '7:23 Unknown model | models.child: there is no model "bat" to train on top of; declared beside it: bot. | '
        'Did you mean "model.bot"?',
    ),
    "no provider": (
        "version: 1\nmodels: {b: {base_model: m, dataset: a/b}}\n",
        "2:10 Provider missing | models.b: no provider is named, and none is declared. | Add `providers: {openai: {}}`.",
    ),
    "many providers": (
        "version: 1\nproviders: {a: , b: }\nmodels: {b: {base_model: m, dataset: a/b}}\n",
        "3:10 Provider missing | models.b: no provider is named, and there are several. | Add `provider:` with one of a, b.",
    ),
    "parent elsewhere": (
        "version: 1\nproviders: {a: {}, b: {}}\nmodels:\n  p: {provider: a, base_model: m, dataset: x/y}\n"
        "  c: {provider: b, base_model: model.p, dataset: x/y}\n",
        '5:32 Parent at another provider | models.c: it is trained by "b", but model.p by "a"; a model does not move. | '
        "Give both the same provider.",
    ),
    "validation": (
        BOT + "    validation: ./data/x.jsonl\n",
        '7:17 Validation is the training data | models.bot: validation is the training data itself ("data/x.jsonl"); it '
        "would tell nothing. | Set rows aside in a file of their own.",
    ),
    "unknown variable": (
        "version: 1\nvariables: {name: {default: x}}\nproject: ${var.nme}\n",
        '3:10 Unknown variable | project uses ${var.nme}; declared are name. | Did you mean "name"?',
    ),
    "interpolation": (
        "version: 1\nproject: ${env.HOME}\n",
        '2:10 Unknown interpolation | project holds "${env.HOME}"; only ${var.NAME} is interpolated. | '
        "To write `${` itself, write `$${`.",
    ),
    "repeated key": (
        "version: 1\nproject: a\nproject: b\n",
        "3:1 Repeated key | `project` was already given in line 2, column 1; YAML would drop one in silence. | Keep one of them.",
    ),
    "several documents": (
        "version: 1\n---\nversion: 1\n",
        "2:1 Several documents | A configuration is one document; another begins here. | Remove the `---`.",
    ),
    "number as a key": ("version: 1\n1: x\n", "2:1 Key is not text | A key is text. | Put the key in quotes."),
    "infinite": ("version: .inf\n", "1:10 Number not allowed | A number must be finite. | "),
}


@pytest.mark.parametrize("case", ONE)
def test_a_problem_says_what_where_and_what_was_expected(load, case):
    text, told = ONE[case]
    loaded = load(text)
    assert loaded.project is None
    assert told in lines(loaded)
    first = loaded.problems[0].place
    shown = text.split("\n")[first.line - 1].replace("0123abcd}}", "(hidden)}}")
    assert first.excerpt == shown


def test_several_problems_are_told_in_the_order_of_the_file(load):
    loaded = load(
        "version: 1\nprovders: {}\nvariables: {n: {type: integer}}\ndatasets: {t: {path: ../t.jsonl}}\n"
        "models:\n  a: {base_model: model.z, dataset: q, epochs: many, suffix: '${var.x}'}\n  a: {}\nbudget: {max_total: x}\n"
    )
    assert [(p.place.line, p.summary) for p in loaded.problems] == [
        (2, "Unknown key"),
        (3, "Variable without a value"),
        (4, "Path not allowed"),
        (6, "Provider missing"),
        (6, "Unknown model"),
        (6, "Unknown dataset"),
        (6, "Invalid value"),
        (6, "Unknown variable"),
        (7, "Repeated key"),
        (8, "Wrong type"),
    ]


def test_a_value_whose_variable_is_missing_is_not_complained_about_again(load):
    text = BOT.replace("version: 1", "version: 1\nvariables: {n: {type: integer}, d: {}}") + "    epochs: ${var.n}\n"
    loaded = load(text.replace("data/x.jsonl", "${var.d}"))
    assert {problem.summary for problem in loaded.problems} == {"Variable without a value"}


def test_endless_problems_are_cut(load):
    loaded = load("version: 1\n" + "".join(f"k{i}: 1\n" for i in range(5000)))
    assert len(loaded.problems) == 101
    assert loaded.problems[-1].severity == "warning"


def test_an_excerpt_is_cut_around_its_column(load):
    problem = load("version: 1\nbudget: {max_total: 1, " + " " * 400 + "max_totl: 2}\n").problems[0]
    assert "max_totl" in problem.place.excerpt
    assert len(problem.place.excerpt) < 170


OUTSIDE = ["/etc/passwd", "../x.jsonl", "a/../../x.jsonl", ".git/config", "a//b", "data/"]
NEVER = ["~/x.jsonl", "https://h/x.jsonl", "file:x.jsonl", "C:/x.jsonl", "a\\b.jsonl"]


@pytest.mark.parametrize("path", OUTSIDE + NEVER)
@pytest.mark.parametrize("key", ["dataset", "validation", "datasets", "state"])
def test_a_path_must_stay_in_its_folder(load, path, key):
    extra = {
        "datasets": f"datasets: {{d: {{path: '{path}'}}}}\n",
        "state": f"state: {{path: '{path}'}}\n",
    }.get(
        key,
        f"models: {{m: {{base_model: m, dataset: q/r, {key}: '{path}'}}}}\n".replace(
            "dataset: q/r, dataset", "dataset"
        ),
    )
    text = "version: 1\nproviders: {a: {}}\n" + extra
    assert [problem.summary for problem in load(text).problems] == ["Path not allowed"]
    allowed = load(text, allow_outside=True).project is not None
    assert allowed == (path in OUTSIDE)


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://host/v1", True),
        ("http://127.0.0.1:8080/v1/", True),
        ("https://key@host/v1", False),
        ("https://user:secretword@host/v1", False),
        ("ftp://host/v1", False),
        ("host/v1", False),
        ("https://", False),
        ("https://host/v1?api-key=1", False),
        ("https://ho st/", False),
        ("https://host:99999999/", False),
        ("https://[::1", False),
    ],
)
def test_an_address_is_http_and_carries_nothing_else(load, url, fine):
    loaded = load(f'version: 1\nproviders: {{a: {{base_url: "{url}"}}}}\n')
    assert (loaded.project is not None) == fine
    assert "secretword" not in repr(loaded.problems)


CANARY = "c4n4ryc4n4ryc4n4ry"
SECRETS = [
    f"providers: {{a: {{api_key: {CANARY}}}}}",
    f"providers:\n  a:\n    api_key:\n      {CANARY}",
    f"providers: {{a: {{api_key_env: {CANARY}}}}}",
    f"providers: {{a: {{organization: sk-{CANARY}}}}}",
    f"project: sk-proj-{CANARY}",
    f"project: 'Bearer {CANARY}'",
    f"state: {{backend: postgres, url: 'postgres://u:{CANARY}@h/db'}}",
    f"state: {{backend: s3, secret_access_key: {CANARY}, nope: 1}}",
    f"state: {{backend: http, password: '{CANARY} {CANARY}'}}",
    f"variables: {{k: {{default: sk-{CANARY}}}}}",
    f"models: {{a: {{metadata: {{x: sk-{CANARY}}}}}}}",
    f"models: {{sk-{CANARY}: 3}}",
    f"sk-{CANARY}: 3",
    f"project: sk-{CANARY}: x",
    f"project: a\nproject: sk-{CANARY}",
    f"variables: {{k: {{sensitive: true, type: integer, default: {CANARY}}}}}\nproject: 3",
    f"variables:\n  k:\n    sensitive: true\n    type: integer\n    default: >-\n      {CANARY}\n",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_refused_and_never_shown(load, text):
    loaded = load("version: 1\n" + text + "\n")
    assert loaded.project is None
    assert CANARY not in repr(loaded.problems)


@pytest.mark.parametrize("name", ["sk-learn-classifier", "task-force-12345678", "desk-0123456789", "token-counter"])
def test_ordinary_names_are_no_secrets(load, name):
    assert load(f"version: 1\nproject: {name}\ndatasets: {{{name}: {{path: x}}}}\n").problems == []


def test_a_sensitive_value_is_shown_nowhere(load):
    text = (
        BOT.replace("version: 1", "version: 1\nvariables: {s: {sensitive: true}}") + "    epochs: ${var.s}\n"
        "    suffix: ${var.s}-${var.s}-${var.s}-${var.s}\n"
    )
    assert CANARY not in repr(load(text, variables={"s": CANARY}).problems)
    project = load("version: 1\nvariables: {s: {sensitive: true}}\n", variables={"s": CANARY}).project
    assert CANARY not in repr(project)
