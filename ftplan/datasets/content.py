"""The rules for what a message says: text, parts, images.

Sources: OpenAI's API description (FineTuneChatRequestInput and the chat message schemas it uses) and its guide
to vision fine-tuning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.datasets.faults import Fault, kind_of, listed, shown, unknown_keys, wrong_type

MAX_IMAGES_A_ROW = 10
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
        yield Fault("A message has no content", f"{where}.content is {found}.")
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
            yield Fault("A message has no content", detail, "Give it the answer the model shall learn.")
        return
    state = "is null" if "content" in message else "is missing"
    yield Fault("A message has no content", f"{where}.content {state}; role {role} needs it.")


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
        yield Fault("A content part has an unusable type", detail, "Audio and files cannot be trained on.")
    else:
        yield from unknown_keys(part, {"type", kind}, where)
        yield from _image_faults(part, where) if kind == "image_url" else _text_faults(part, kind, where)


def _misplaced_image(role: str, where: str, images: bool) -> Fault:
    if not images:
        return Fault("An image stands where none may", f"{where} is an image; this row format takes text only.")
    detail = f"{where} is an image in a message of role {role}."
    return Fault("An image stands where none may", detail, "Only user messages may hold images.")


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
        yield Fault("An image has an unusable address", detail, "Use an http(s) address or data:image/...;base64.")
    if image.get("detail", "auto") not in DETAILS:
        yield Fault(
            "An image has an unknown detail level",
            f"{where}.image_url.detail must be {listed(DETAILS)}.",
        )
