"""The shape of the code: short modules, short functions, shallow nesting, a sign on every door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from survey import Module

MODULE_LINES = 250
FUNCTION_LINES = 40
NESTED_BLOCKS = 3
VAGUE_NAMES = {"base", "common", "handler", "handlers", "helper", "helpers", "manager", "managers", "util", "utils"}

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Block = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def test_no_module_is_longer_than_a_reader_holds_in_mind(ftplan_modules: list[Module]) -> None:
    lengths = {module.path: len(module.text.splitlines()) for module in ftplan_modules}
    long = [f"{path} {lines}" for path, lines in lengths.items() if lines > MODULE_LINES]
    assert not long, "\n".join(long)


def test_no_function_is_longer_than_a_screen(ftplan_modules: list[Module]) -> None:
    lengths = {
        f"{module.at(node)} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module in ftplan_modules
        for node in ast.walk(module.tree)
        if isinstance(node, Function)
    }
    long = [f"{name} {lines}" for name, lines in lengths.items() if lines > FUNCTION_LINES]
    assert not long, "\n".join(long)


def test_no_block_is_nested_deeper_than_three(ftplan_modules: list[Module]) -> None:
    deep = [
        f"{module.at(block)} {depth} deep"
        for module in ftplan_modules
        for block, depth in _blocks(module.tree, 0)
        if depth > NESTED_BLOCKS
    ]
    assert not deep, "\n".join(deep)


def test_every_module_says_what_it_is(ftplan_modules: list[Module]) -> None:
    silent = [module.path for module in ftplan_modules if not ast.get_docstring(module.tree)]
    assert not silent, "\n".join(silent)


def test_every_room_has_a_sign_on_its_door(ftplan_modules: list[Module]) -> None:
    folders = {PurePosixPath(module.path).parent for module in ftplan_modules}
    signs = {PurePosixPath(module.path).parent for module in ftplan_modules if module.path.endswith("/__init__.py")}
    assert folders == signs


def test_no_module_has_a_name_that_anything_fits(ftplan_modules: list[Module]) -> None:
    vague = [module.path for module in ftplan_modules if VAGUE_NAMES & set(PurePosixPath(module.path).stem.split("_"))]
    assert not vague, "\n".join(vague)


def test_only_views_and_the_command_line_print(ftplan_modules: list[Module]) -> None:
    prints = [
        module.at(node)
        for module in ftplan_modules
        if not module.path.startswith(("ftplan/cli/", "ftplan/views/"))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not prints, "\n".join(prints)


def test_core_opens_nothing_and_asks_no_clock(ftplan_modules: list[Module]) -> None:
    """import-linter keeps the modules out; these need no import, or come with one that core may have."""
    asked = [
        module.at(node)
        for module in ftplan_modules
        if module.path.startswith("ftplan/core/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) in {"open", "now", "utcnow", "today", "input"}
    ]
    assert not asked, "\n".join(asked)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _blocks(node: ast.AST, depth: int) -> Iterator[tuple[ast.AST, int]]:
    """Each block of control flow with how many it stands in, itself counted; a function starts anew."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield from _blocks(child, 0)
        elif isinstance(child, Block):
            own = depth if _is_elif(node, child) else depth + 1
            yield child, own
            yield from _blocks(child, own)
        else:
            yield from _blocks(child, depth)


def _is_elif(parent: ast.AST, child: ast.AST) -> bool:
    """`else: if` written on two lines looks the same to the parser, but starts further right than its `if`."""
    return (
        isinstance(parent, ast.If)
        and isinstance(child, ast.If)
        and child in parent.orelse
        and child.col_offset == parent.col_offset
    )
