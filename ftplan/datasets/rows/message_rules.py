"""The rules for what stands in a row's messages: conversations, images and tools."""

from __future__ import annotations

from ftplan.datasets.rows.rule import ANSWERS, API, CHAT, COOKBOOK, GUIDE, MICROSOFT, PREFERENCES, VISION, Rule

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
IDLE_WEIGHT = Rule(
    "idle-weight",
    "A weight has no effect",
    "Weights stand in supervised rows: the other methods do not learn message by message.",
    API,
    "warning",
)
MESSAGE_NAME = Rule(
    "message-name",
    "A message has an unusual name",
    "A speaker's name has 1 to 64 characters, and no blanks, slashes, bars and angle brackets.",
    ANSWERS,
    "warning",
)
SYSTEM_AND_DEVELOPER = Rule(
    "system-and-developer",
    "A conversation has a system and a developer message",
    "The instructions come from the system or from the developer, not from both.",
    MICROSOFT,
    "warning",
)
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
PROMPT_END = Rule(
    "prompt-end",
    "A prompt does not end with what is to be answered",
    "What the model shall answer ends with the user's message; in a preference pair, or with a tool's.",
    f"{MICROSOFT}; {PREFERENCES}",
    "warning",
)
EMPTY_ANSWER = Rule(
    "empty-answer", "An answer is empty", "What the model learns to say is more than blanks.", COOKBOOK, "warning"
)

# Images.

MISPLACED_IMAGE = Rule(
    "misplaced-image",
    "An image stands where none may",
    "Images stand in users' messages, and not in preference pairs.",
    VISION,
)
IMAGE_COUNT = Rule("image-count", "A row has too many images", "A row has at most 10 images.", VISION)
IMAGE_ADDRESS = Rule(
    "image-address", "An image has an unusable address", "An image is an http(s) address or a data URL.", VISION
)
IMAGE_DATA = Rule(
    "image-data", "An image's data cannot be read", "The data of an image in a row is valid base64.", VISION
)
IMAGE_FORMAT = Rule("image-format", "An image has an unusable format", "Images are JPEG, PNG or WEBP.", VISION)
IMAGE_TYPE = Rule(
    "image-type",
    "An image is not of the type its address names",
    "A data URL names the type that its image has.",
    VISION,
    "warning",
)
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
TOOL_COUNT = Rule("tool-count", "A row offers very many tools", "Tools are 128 at most.", CHAT, "warning")
MIXED_TOOLS = Rule(
    "mixed-tools",
    "A row mixes tools with functions",
    "A row has tools and tool calls, or the older functions and function calls, not both.",
    CHAT,
    "warning",
)
PARALLEL_CALLS = Rule(
    "parallel-tool-calls",
    "parallel_tool_calls does not fit its row",
    "parallel_tool_calls stands beside tools, and is not false where a message makes several calls.",
    ANSWERS,
    "warning",
)
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
FUNCTION_REPLY = Rule(
    "function-reply",
    "A function message answers no call",
    "A function message names a function called before it.",
    CHAT,
    "warning",
)
UNANSWERED_CALL = Rule(
    "unanswered-call", "A call is never answered", "Calls are answered before it goes on.", CHAT, "warning"
)

MESSAGE_RULES = tuple(rule for rule in list(globals().values()) if isinstance(rule, Rule))
