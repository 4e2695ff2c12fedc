"""How tests are written: nothing sleeps, and nothing of ours is swapped out from behind; it is given a fake port."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from survey import Module


def test_no_test_sleeps(test_modules: list[Module]) -> None:
    sleeps = [
        module.at(node)
        for module in test_modules
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in {"time.sleep", "asyncio.sleep"})
        or (isinstance(node, ast.ImportFrom) and node.module in {"time", "asyncio"} and "sleep" in _names(node))
    ]
    assert not sleeps, "\n".join(sleeps)


def test_no_test_mocks(test_modules: list[Module]) -> None:
    mocks = [
        module.at(node)
        for module in test_modules
        for node in ast.walk(module.tree)
        if (
            isinstance(node, ast.Import)
            and any(alias.name.startswith(("unittest.mock", "mock")) for alias in node.names)
        )
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("unittest.mock", "mock")))
        or (isinstance(node, ast.ImportFrom) and node.module == "unittest" and "mock" in _names(node))
        or (isinstance(node, ast.arg) and node.arg == "mocker")
    ]
    assert not mocks, "\n".join(mocks)


def test_no_test_reaches_into_ftplan_to_change_it(test_modules: list[Module]) -> None:
    """`setattr` of a MonkeyPatch may change what others wrote, never what we did."""
    reached = [
        f"{module.at(call)} {ast.unparse(call.args[0])}"
        for module in test_modules
        for call in _patches(module.tree)
        if not _is_foreign(call.args[0], _imported(module.tree))
    ]
    assert not reached, "\n".join(reached)


def _patches(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner = ast.unparse(node.func.value)
            if node.func.attr in {"setattr", "delattr"} and "patch" in owner.lower():
                yield node


def _is_foreign(target: ast.expr, imported: dict[str, str]) -> bool:
    """True for a module or class brought in by an import that is not ours. What cannot be traced counts as ours."""
    if isinstance(target, ast.Constant):
        return not str(target.value).startswith("ftplan")
    while isinstance(target, ast.Attribute):
        target = target.value
    return isinstance(target, ast.Name) and not imported.get(target.id, "ftplan").startswith("ftplan")


def _imported(tree: ast.Module) -> dict[str, str]:
    """The names a file imports, each with the module it comes from."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: node.module or "ftplan" for alias in node.names}
    return found


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}
