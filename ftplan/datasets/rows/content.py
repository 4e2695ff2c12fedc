"""The rules for what a message says: text, parts, images.

Sources: OpenAI's API description (FineTuneChatRequestInput and the chat message schemas it uses) and its guide
to vision fine-tuning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.datasets.rows.faults import Fault, kind_of, listed, shown, unknown_keys, wrong_type
from ftplan.datasets.rows.image_data import IMAGE_TYPES, image_type, is_base64
from ftplan.datasets.rows.message_rules import (
    IMAGE_ADDRESS,
    IMAGE_DATA,
    IMAGE_DETAIL,
    IMAGE_FORMAT,
    IMAGE_SIZE,
    MISPLACED_IMAGE,
    NO_CONTENT,
    PART_TYPE,
)

MAX_IMAGES_A_ROW = 10
MAX_IMAGE_BYTES = 10 * 1024 * 1024
DETAILS = ("auto", "high", "low")
IMAGE_SCHEMES = ("data:", "http://", "https://")
SPEAKS_OTHERWISE = ("tool_calls", "function_call", "refusal")

_PARTS_BY_ROLE: Mapping[str, tuple[str, ...]] = {
    "user": ("text", "image_url"),
    "assistant": ("text", "refusal"),
}
_TEXT_ONLY = ("text",)


def content_faults(message: Mapping[str, Any], role: str, where: str, *, images: bool) -> Iterator[Fault]:
    """What is wrong with the `content` of one message. `images` says whether the row format takes any."""
    content = message.get("content")
    if isinstance(content, str):
        return
    if isinstance(content, list) and content and role != "function":
        for index, part in enumerate(content):
            yield from _part_faults(part, role, f"{where}.content[{index}]", images)
    elif content is None:
        yield from _absent_faults(message, role, where)
    elif isinstance(content, list):
        found = "a list; role function takes a string" if content else "an empty list"
        yield Fault(NO_CONTENT, f"{where}.content is {found}.")
    else:
        yield wrong_type(f"{where}.content", content, "a string or a list of parts")


def images_in(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The image parts of a message, well formed or not."""
    content = message.get("content")
    if not isinstance(content, list):
        return []
    return [part for part in content if isinstance(part, dict) and part.get("type") == "image_url"]


def _absent_faults(message: Mapping[str, Any], role: str, where: str) -> Iterator[Fault]:
    if role == "function" and "content" in message:
        return
    if role == "assistant":
        if not any(message.get(key) for key in SPEAKS_OTHERWISE):
            detail = f"{where} has neither content nor {listed(SPEAKS_OTHERWISE)}: it says nothing."
            yield Fault(NO_CONTENT, detail, "Give it the answer the model shall learn.")
        return
    state = "is null" if "content" in message else "is missing"
    yield Fault(NO_CONTENT, f"{where}.content {state}; role {role} needs it.")


def _part_faults(part: Any, role: str, where: str, images: bool) -> Iterator[Fault]:
    if not isinstance(part, dict):
        yield wrong_type(where, part, "an object with a type")
        return
    kind = part.get("type")
    allowed = _PARTS_BY_ROLE.get(role, _TEXT_ONLY)
    if kind == "image_url" and not (images and kind in allowed):
        yield _misplaced_image(role, where, images)
    elif not isinstance(kind, str) or kind not in allowed:
        found = shown(kind) if isinstance(kind, str) else kind_of(kind)
        detail = f"{where}.type is {found}; role {role} takes {listed(allowed)}."
        yield Fault(PART_TYPE, detail, "Audio and files cannot be trained on.")
    else:
        yield from unknown_keys(part, {"type", kind}, where)
        yield from _image_faults(part, where) if kind == "image_url" else _text_faults(part, kind, where)


def _misplaced_image(role: str, where: str, images: bool) -> Fault:
    if not images:
        return Fault(MISPLACED_IMAGE, f"{where} is an image; this row format takes text only.")
    detail = f"{where} is an image in a message of role {role}."
    return Fault(MISPLACED_IMAGE, detail, "Only user messages may hold images.")


def _text_faults(part: Mapping[str, Any], kind: str, where: str) -> Iterator[Fault]:
    if not isinstance(part.get(kind), str):
        yield wrong_type(f"{where}.{kind}", part.get(kind), "a string")


def _image_faults(part: Mapping[str, Any], where: str) -> Iterator[Fault]:
    image = part.get("image_url")
    if not isinstance(image, dict):
        yield wrong_type(f"{where}.image_url", image, "an object with a url")
        return
    yield from unknown_keys(image, {"url", "detail"}, f"{where}.image_url")
    url = image.get("url")
    if not isinstance(url, str) or not url.lower().startswith(IMAGE_SCHEMES):
        form = " of another form" if isinstance(url, str) else ""
        detail = f"{where}.image_url.url is {kind_of(url)}{form}."
        yield Fault(IMAGE_ADDRESS, detail, "Use an http(s) address or data:image/...;base64.")
    elif url[:5].lower() == "data:":
        yield from _data_faults(url, where)
    if image.get("detail", "auto") not in DETAILS:
        yield Fault(
            IMAGE_DETAIL,
            f"{where}.image_url.detail must be {listed(DETAILS)}.",
        )


def _data_faults(url: str, where: str) -> Iterator[Fault]:
    """What is wrong with an image that is part of the row itself. What it says of its type is remarked on elsewhere:
    a service looks at the image."""
    head, _, payload = url.partition(",")
    if not head.lower().endswith(";base64"):
        yield Fault(IMAGE_ADDRESS, f"{where}.image_url.url is data, but not in base64.", "Write ;base64 and the data.")
    elif not is_base64(payload):
        detail = f"{where}.image_url.url holds {'characters that are not' if payload else 'nothing'} in base64."
        yield Fault(IMAGE_DATA, detail, "Encode the image anew: it seems to be cut, or of another encoding.")
    elif image_type(url) is None:
        detail = f"{where}.image_url.url holds data that is none of {', '.join(IMAGE_TYPES)}."
        yield Fault(IMAGE_FORMAT, detail, "Convert the image: the service leaves out what it cannot read.")
    # Four characters of base64 are three bytes.
    size = len(payload) * 3 // 4
    if size > MAX_IMAGE_BYTES:
        detail = f"{where} is an image of {size / 1024**2:.1f} MiB; {MAX_IMAGE_BYTES // 1024**2} are allowed."
        yield Fault(IMAGE_SIZE, detail, "Shrink it: the service scales it down anyway.")
