"""Every rule a dataset is held to: its name, what is said when it is broken, how bad that is, and who says so.

A warning can be raised to an error, or silenced, by its name in ftplan.yaml; the name is printed with it. The rules
for messages stand in a module of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

from ftplan.datasets.rows import message_rules
from ftplan.datasets.rows.rule import API, CARE, COOKBOOK, FILES, GUIDE, JSON, PREFERENCES, REINFORCEMENT, VISION, Rule

# Reading a file.

UTF16 = Rule("utf16", "The file is not UTF-8", "Files are UTF-8, not UTF-16.", JSON)
BAD_UTF8 = Rule("invalid-utf8", "A line is not valid UTF-8", "Every byte is part of valid UTF-8.", JSON)
BYTE_ORDER_MARK = Rule(
    "byte-order-mark", "The file starts with a byte order mark", "Nothing stands before the first brace.", JSON
)
ONE_DOCUMENT = Rule(
    "one-document",
    "The file is one JSON document, not JSON Lines",
    "Each example is one JSON object on a line of its own.",
    JSON,
)
LONG_LINE = Rule("long-line", "A line is too long", "A line has at most 64 MiB.", CARE)
BLANK_LINE = Rule("blank-line", "A line is blank", "No line is empty.", JSON)
BAD_JSON = Rule("invalid-json", "A line is not valid JSON", "Every line is valid JSON.", JSON)
NOT_AN_OBJECT = Rule("not-an-object", "A row is not a JSON object", "Every row is a JSON object.", API)
REPEATED_KEY = Rule(
    "repeated-key", "A key stands twice in one object", "No object has a key twice: readers keep different ones.", JSON
)
NUMBER_RANGE = Rule("number-range", "A number is out of range", "Numbers fit into a double.", JSON)
NOT_A_NUMBER = Rule("not-a-number", "A number is NaN or infinite", "NaN and Infinity are not JSON.", JSON)
DEEP_NESTING = Rule(
    "deep-nesting", "A row is nested too deeply", "At most 128 lists and objects stand in each other.", CARE
)
CARRIAGE_RETURN = Rule("carriage-return", "Lines end in CR LF", "Lines end in a line feed alone.", JSON, "warning")

# Shape of a row.

UNKNOWN_FORMAT = Rule("unknown-format", "A row has no known format", "Every row has one of the published formats.", API)
MIXED_FORMATS = Rule(
    "mixed-formats",
    "A row has another format than the rows before it",
    "All rows of a file have one format.",
    API,
)
METHOD_MISMATCH = Rule(
    "method-mismatch", "The rows do not fit the method", "The rows have the format the method is trained on.", API
)
UNKNOWN_KEY = Rule(
    "unknown-key", "A key is not part of the row format", "Rows and messages have no key the format does not know.", API
)
FORMER_KEY = Rule(
    "former-key", "A key has its former name", "Outputs are called preferred_output and non_preferred_output.", API
)
WRONG_TYPE = Rule("wrong-type", "A value has the wrong type", "Every value has the type the format gives it.", API)

# The table of rules tells of the messages here, behind the rows they stand in.
_OF_MESSAGES = message_rules.MESSAGE_RULES

# Preference pairs and reinforcement.

ONE_OUTPUT = Rule(
    "one-output", "An output is not exactly one message", "Each output is a list of one assistant message.", API
)
OUTPUT_CALLS = Rule(
    "output-calls", "An output calls a tool", "Outputs are text: nothing else is documented.", PREFERENCES, "warning"
)
SAME_OUTPUTS = Rule(
    "same-outputs",
    "Both outputs of a pair are the same",
    "The preferred output differs from the other one.",
    PREFERENCES,
    "warning",
)
GRADER_FIELD = Rule(
    "grader-field",
    "A row lacks what the grader reads",
    "Every row has the keys that the grader's templates name as item.",
    REINFORCEMENT,
)

# The file as a whole.

EMPTY = Rule("empty", "The dataset is empty", "A dataset has rows.", API)
TOO_FEW_ROWS = Rule("too-few-rows", "The dataset has too few rows", "A job needs at least 10 rows.", GUIDE)
FEW_ROWS = Rule(
    "few-rows", "The dataset has few rows", "From 50 good rows on, a tuned model usually shows it.", GUIDE, "warning"
)
MANY_ROWS = Rule(
    "too-many-rows", "The dataset has too many rows", "A file has no more rows than its method takes.", REINFORCEMENT
)
FILE_SIZE = Rule(
    "file-too-large",
    "The dataset is too large a file",
    "A file has no more bytes than its provider takes.",
    FILES,
)
MANY_IMAGE_ROWS = Rule(
    "too-many-image-rows",
    "The dataset has too many rows with images",
    "At most 50,000 rows of a file hold images.",
    VISION,
)
IMAGE_MODEL = Rule(
    "image-model",
    "Images may not be accepted",
    "Rows with images train a base model that is documented to take them.",
    VISION,
    "warning",
)
CUT_ANSWER = Rule(
    "cut-answer",
    "Answers would be cut off",
    "An answer ends before the length at which the service cuts an example off.",
    GUIDE,
)
CUT_ROW = Rule(
    "cut-row",
    "Rows are longer than the model takes",
    "A row is no longer than the base model takes, or is expected to take.",
    GUIDE,
    "warning",
)
DUPLICATE_ROWS = Rule(
    "duplicate-rows", "Rows stand in the file more than once", "A row stands in its file once.", COOKBOOK, "warning"
)
SHARED_ROWS = Rule(
    "shared-rows",
    "Validation rows stand in the training data",
    "No row is both trained on and validated with.",
    GUIDE,
    "warning",
)
SPLIT_SHARE = Rule(
    "split-share",
    "The share is not what was asked for",
    "As many rows are for validation as the split says.",
    CARE,
    "warning",
)
UNBALANCED = Rule(
    "unbalanced-lengths",
    "A few rows hold most of the tokens",
    "No hundredth of the rows holds half of the tokens.",
    COOKBOOK,
    "warning",
)
SECRET = Rule(
    "secret", "Rows seem to hold secrets", "No row holds what looks like a key, a token or a password.", CARE, "warning"
)
PERSONAL_DATA = Rule(
    "personal-data",
    "Rows seem to hold personal data",
    "No row holds what looks like an e-mail address, a phone, card or account number.",
    CARE,
    "warning",
)

BY_NAME: Mapping[str, Rule] = {
    rule.name: rule
    for value in list(globals().values())
    for rule in (value if value is _OF_MESSAGES else (value,))
    if isinstance(rule, Rule)
}
WARNINGS = tuple(name for name, rule in BY_NAME.items() if rule.level == "warning")
