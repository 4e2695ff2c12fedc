"""Every rule a dataset is held to: its name, what is said when it is broken, how bad that is, and who says so.

An error stands for what the service refuses, or takes and ruins. A warning can be raised to an error, or silenced,
by its name in ftplan.yaml; the name is printed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftplan.errors import Place, Problem, Severity

API = "OpenAI's API description, fine-tuning row schemas"
CHAT = "OpenAI's API description, chat message schemas"
GUIDE = "OpenAI's guide to supervised fine-tuning"
VISION = "OpenAI's guide to vision fine-tuning"
PREFERENCES = "OpenAI's guide to direct preference optimization"
REINFORCEMENT = "OpenAI's guide to reinforcement fine-tuning"
JSON = "RFC 8259 and the JSON Lines description"
COOKBOOK = "OpenAI's cookbook, data preparation for chat fine-tuning"
CARE = "ftplan"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `summary` is the constant headline of a message, `says` the sentence in the table of rules."""

    name: str
    summary: str
    says: str
    source: str
    level: Severity = "error"

    def problem(self, detail: str, place: Place | None = None, advice: str = "") -> Problem:
        """The problem that this rule is broken at `place`."""
        return Problem(self.summary, detail, place, advice, severity=self.level, rule=self.name)


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

# Conversations.

NO_MESSAGES = Rule("no-messages", "A row has no messages", "Messages are a list that is not empty.", API)
BAD_ROLE = Rule("role", "A message has an unusable role", "Every role is one the format knows.", CHAT)
NO_ASSISTANT = Rule(
    "no-assistant", "A row has no assistant message", "Each conversation has an assistant message to learn.", COOKBOOK
)
NOTHING_TO_LEARN = Rule(
    "nothing-to-learn", "A row teaches nothing", "At least one assistant message has a weight other than 0.", GUIDE
)
NO_CONTENT = Rule("no-content", "A message has no content", "Every message says something, or calls a tool.", CHAT)
PART_TYPE = Rule(
    "part-type", "A content part has an unusable type", "Content parts are text, and images of users.", CHAT
)
MISPLACED_WEIGHT = Rule(
    "misplaced-weight", "A weight stands on the wrong message", "Only assistant messages have a weight.", API
)
BAD_WEIGHT = Rule("weight-value", "A weight is neither 0 nor 1", "A weight is 0 or 1.", API)
SYSTEM_LATER = Rule(
    "system-not-first",
    "A system message stands behind others",
    "System and developer messages open the conversation.",
    GUIDE,
    "warning",
)
ENDS_UNANSWERED = Rule(
    "ends-unanswered",
    "A conversation does not end with an answer",
    "The last message is the assistant's: what stands behind it teaches nothing and is paid for.",
    GUIDE,
    "warning",
)
EMPTY_ANSWER = Rule(
    "empty-answer", "An answer is empty", "What the model learns to say is more than blanks.", COOKBOOK, "warning"
)

# Images.

MISPLACED_IMAGE = Rule(
    "misplaced-image", "An image stands where none may", "Images stand in user messages of supervised rows.", VISION
)
IMAGE_COUNT = Rule("image-count", "A row has too many images", "A row has at most 10 images.", VISION)
IMAGE_ADDRESS = Rule(
    "image-address", "An image has an unusable address", "An image is an http(s) address or a data URL.", VISION
)
IMAGE_FORMAT = Rule("image-format", "An image has an unusable format", "Images are JPEG, PNG or WEBP.", VISION)
IMAGE_SIZE = Rule("image-size", "An image is too large", "An image has at most 10 MB.", VISION)
IMAGE_DETAIL = Rule(
    "image-detail", "An image has an unknown detail level", "The detail of an image is low, high or auto.", VISION
)

# Tools.

TOOL_TYPE = Rule("tool-type", "A tool has an unknown type", "Tools and calls have the type function.", CHAT)
TOOL_NAME = Rule(
    "tool-name",
    "A function has an unusable name",
    "Functions are named with 1 to 64 letters, digits, underscores and hyphens.",
    CHAT,
)
TOOL_SCHEMA = Rule(
    "tool-schema", "A tool's parameters are no JSON Schema", "A tool's parameters are a JSON Schema.", CHAT, "warning"
)
FUNCTION_COUNT = Rule("function-count", "The number of functions is out of range", "Functions are 1 to 128.", API)
TOOL_CALLS = Rule("tool-calls", "Tool calls are no list of calls", "Tool calls are a list that is not empty.", CHAT)
CALL_ID = Rule("tool-call-id", "A tool call has no id", "Every tool call has an id.", CHAT)
CALL_ARGUMENTS = Rule(
    "tool-arguments", "Call arguments are not a JSON object", "The arguments of a call are a JSON object.", CHAT
)
ARGUMENTS_FIT = Rule(
    "tool-arguments-fit",
    "Call arguments do not fit the tool",
    "The arguments of a call fit the parameters of the tool it calls.",
    CHAT,
)
UNDECLARED_TOOL = Rule(
    "undeclared-tool", "A call names no tool of its row", "A call names a tool that its row offers.", GUIDE, "warning"
)
TOOL_REPLY = Rule("tool-reply", "A tool message answers no call", "A tool message names a call made before it.", CHAT)
UNANSWERED_CALL = Rule(
    "unanswered-call", "A call is never answered", "Calls are answered before it goes on.", CHAT, "warning"
)

# Preference pairs and reinforcement.

ONE_OUTPUT = Rule(
    "one-output", "An output is not exactly one message", "Each output is a list of one assistant message.", API
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
MANY_IMAGE_ROWS = Rule(
    "too-many-image-rows",
    "The dataset has too many rows with images",
    "At most 50,000 rows of a file hold images.",
    VISION,
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

BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in list(globals().values()) if isinstance(rule, Rule)}
WARNINGS = tuple(name for name, rule in BY_NAME.items() if rule.level == "warning")
