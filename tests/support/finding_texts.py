"""What ``qingsuan verify`` finds and notes in English, as it stands in the code: found by reading the code of the checks.

A text is what is handed to ``findings.add``, ``findings.same``, ``findings.rows``, ``Finding`` or ``checking``, a note, a run that was
settled again, the reason of a ``ValueError`` of a check, and an identity that a run writes into its record. A name is followed to what it was bound to: by an
assignment, by a loop over a table of checks, or by those who call the function whose parameter it is.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from written_texts import Function, Reader, last_name, template_of

__all__ = ["finding_texts"]

CHECKS = ("verify/", "again/", "signatures/", "closing/verifying.py", "cli/asking/verify.py")
"""Where checks stand."""

TAKEN = {
    "add": ("where", "check", "found", "expected", "row", "do"),
    "same": ("where", "check", "found", "expected"),
    "rows": ("where", "row", "check", "wrong", "show"),
    "Finding": ("where", "row", "check", "found", "expected", "do"),
    "checking": ("findings", "where"),
    "file": ("where",),
    "run": ("where",),
}
"""What takes texts of findings, with the names of its parameters."""

SAID = {"where", "check", "found", "expected", "do"}

_Comprehension = ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp

Path = tuple[int, ...]
"""Which part of a value is meant, where it is a tuple: of each element of a list of tuples likewise."""

_Bound = tuple[ast.expr, "_At", Path, bool]
"""An expression, where it stands, which part of it is meant, and whether that of each of its elements."""


class _At(NamedTuple):
    """Where an expression stands; ``inside`` are the comprehensions around it, the outermost first."""

    module: str
    function: Function
    inside: tuple[_Comprehension, ...] = ()

    def within(self, node: ast.AST) -> _At:
        """Where what stands in a node stands."""
        if isinstance(node, ast.FunctionDef):
            return _At(self.module, node)
        return self._replace(inside=(*self.inside, node)) if isinstance(node, _Comprehension) else self


class _Checks(Reader):
    """Reads the texts of checks."""

    def __init__(self) -> None:
        super().__init__()
        self._followed: set[tuple[int, Path, bool]] = set()
        self._walked: dict[Function, list[ast.AST]] = {None: []}

    @cached_property
    def _nodes(self) -> list[tuple[ast.AST, _At]]:
        """Every node of the checks, with where it stands."""
        return [one for name in self.modules.paths if name.startswith(CHECKS) for one in self._below(name)]

    def _below(self, module: str) -> Iterator[tuple[ast.AST, _At]]:
        def below(node: ast.AST, at: _At) -> Iterator[tuple[ast.AST, _At]]:
            for child in ast.iter_child_nodes(node):
                yield child, at
                yield from below(child, at.within(child))

        yield from below(self.modules[module].tree, _At(module, None))

    @cached_property
    def _calls(self) -> dict[tuple[str, str], list[tuple[ast.Call, _At]]]:
        """The calls of each function of the checks, by its module and name; not those that take texts of findings."""
        found = defaultdict(list)
        for node, at in self._nodes:
            if isinstance(node, ast.Call) and (name := last_name(node.func)) not in TAKEN:
                found[self.resolved(at.module, name, "functions")[0], name].append((node, at))
        return found

    def read(self) -> dict[str, tuple[str, str]]:
        for node, at in self._nodes:
            for kind, text in _told(node):
                self._tell(text, at, kind)
        for name, path in self.modules.paths.items():
            if '"identity": name' in path.read_text("utf-8"):
                for node, at in self._below(name):
                    if isinstance(node, ast.Dict):
                        keys = [getattr(key, "value", None) for key in node.keys]
                        for key, value in zip(keys, node.values, strict=True):
                            if key == "identity":
                                self._tell(value, at, "check")
        return self.texts

    def _tell(self, node: ast.expr, at: _At, kind: str) -> None:
        for leaf, there in (self._items if kind == "notes" else self._leaves)(node, at, ()):
            template = template_of(leaf)
            if re.search("[A-Za-z]{2}", re.sub(r"\{\w+\}", "", template)):
                self.texts.setdefault(template, (f"{there.module}:{leaf.lineno}", kind))
            for part in getattr(leaf, "values", ()):
                if isinstance(part, ast.FormattedValue):
                    self._tell(part.value, there, "value")

    def _within(self, function: Function) -> list[ast.AST]:
        """Every node of a function; none of what is no function."""
        if function not in self._walked and function is not None:
            self._walked[function] = list(ast.walk(function))
        return self._walked[function]

    def _is_new(self, node: ast.AST, path: Path, *, items: bool) -> bool:
        key = id(node), path, items
        is_new = key not in self._followed
        self._followed.add(key)
        return is_new

    def _leaves(self, node: ast.expr, at: _At, path: Path) -> Iterator[tuple[ast.Constant | ast.JoinedStr, _At]]:
        """The texts that an expression, or a part of it, may be."""
        if not self._is_new(node, path, items=False):
            return
        match node:
            case ast.Constant() | ast.JoinedStr() if not path:
                yield node, at
            case ast.Tuple() | ast.List() if path and path[0] < len(node.elts):
                yield from self._leaves(node.elts[path[0]], at, path[1:])
            case ast.GeneratorExp() | ast.ListComp() if path:
                yield from self._leaves(node.elt, at.within(node), path[1:])
            case ast.Name():
                for value, there, of, is_item in self._bound(node.id, at):
                    follow = self._items if is_item else self._leaves
                    yield from follow(value, there, (*of, *path))
            case ast.Call():
                for value, there in self._returned(node, at):
                    yield from self._leaves(value, there, path)
            case _:
                for part in _parts(node):
                    yield from self._leaves(part, at, path)

    def _items(self, node: ast.expr, at: _At, path: Path) -> Iterator[tuple[ast.Constant | ast.JoinedStr, _At]]:
        """The texts that the elements of an expression may be."""
        if self._is_new(node, path, items=True):
            for part, there, of, is_item in self._steps(node, at, path):
                yield from self._items(part, there, of) if is_item else self._leaves(part, there, of)

    def _steps(self, node: ast.expr, at: _At, path: Path) -> Iterator[_Bound]:
        """The expressions that are the elements of one, or have the same elements."""
        match node:
            case ast.Tuple() | ast.List() | ast.Set():
                for one in node.elts:
                    is_more = isinstance(one, ast.Starred)
                    yield one.value if is_more else one, at, path, is_more
            case ast.GeneratorExp() | ast.ListComp():
                yield node.elt, at.within(node), path, False
            case ast.Dict():
                yield from ((key, at, path, False) for key in node.keys if key is not None)
            case ast.IfExp() | ast.BoolOp():
                yield from ((part, at, path, True) for part in _parts(node))
            case ast.Name():
                yield from self._steps_of_name(node, at, path)
            case ast.Call():
                yield from self._steps_of_call(node, at, path)

    def _steps_of_name(self, node: ast.Name, at: _At, path: Path) -> Iterator[_Bound]:
        """What a list is bound to, and what is appended to it."""
        for value, there, of, is_item in self._bound(node.id, at):
            if not is_item and not of:
                yield value, there, path, True
        for one in self._within(at.function):
            match one:
                case ast.Call(func=ast.Attribute(attr="append", value=ast.Name(id=name)), args=[added]):
                    if name == node.id:
                        yield added, at, path, False

    def _steps_of_call(self, node: ast.Call, at: _At, path: Path) -> Iterator[_Bound]:
        """What a call goes through, yields or returns."""
        match last_name(node.func), node.args:
            case "items", [] if path and isinstance(node.func, ast.Attribute):
                for one, there in self._tables(node.func.value, at):
                    parts = one.values if path[0] else one.keys
                    yield from ((part, there, path[1:], False) for part in parts if part is not None)
            case "enumerate", [first, *_]:
                if path[:1] == (1,):
                    yield first, at, path[1:], True
            case "zip", args:
                if path and path[0] < len(args):
                    yield args[path[0]], at, path[1:], True
            case "tuple" | "list" | "sorted" | "set", [first, *_]:
                yield first, at, path, True
            case _:
                yield from ((value, there, path, True) for value, there in self._returned(node, at))
                yield from ((value, there, path, is_from) for value, there, is_from in self._yielded(node, at))

    def _tables(self, node: ast.expr, at: _At) -> Iterator[tuple[ast.Dict, _At]]:
        """The mappings that an expression may be, with what is put into them later."""
        match node:
            case ast.Dict():
                yield node, at
            case ast.Name():
                for value, there, of, is_item in self._bound(node.id, at):
                    if not of and not is_item:
                        yield from self._tables(value, there)
                for one in self._within(at.function):
                    match one:
                        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
                            if name == node.id:
                                yield ast.Dict([key], [value]), at

    def _bound(self, name: str, at: _At) -> Iterator[_Bound]:
        """What a name is bound to: the value, where that stands, which part of it, and whether that of each of its elements."""
        for number, around in reversed(list(enumerate(at.inside))):
            loops = [(one.iter, path) for one in around.generators for path in _places(one.target, name)]
            if loops:
                yield from ((value, at._replace(inside=at.inside[:number]), path, True) for value, path in loops)
                return
        at = at._replace(inside=())
        found = [(value, at, (), False) for value in self.bound_in(at.function)[name]] if at.function else []
        for node in self._within(at.function):
            if isinstance(node, ast.For):
                found += [(node.iter, at, path, True) for path in _places(node.target, name)]
            elif isinstance(node, ast.Assign) and not isinstance(node.value, ast.Tuple):
                found += [(node.value, at, path, False) for path in _places(node.targets[0], name) if path]
        if at.function is not None:
            found += [(value, there, (), False) for value, there in self._handed(at.function, name, at.module)]
        if not found:
            module, values = self.resolved(at.module, name, "bound")
            found = [(value, _At(module, None), (), False) for value in values]  # type: ignore[misc]
        yield from found

    def _handed(self, function: ast.FunctionDef, name: str, module: str) -> Iterator[tuple[ast.expr, _At]]:
        """What callers give for a parameter."""
        parameters = [one.arg for one in function.args.args if one.arg != "self"]
        if name not in {*parameters, *(one.arg for one in function.args.kwonlyargs)} or function.name in TAKEN:
            return
        for call, at in self._calls[module, function.name]:
            yield from ((one.value, at) for one in call.keywords if one.arg == name)
            place = parameters.index(name) if name in parameters else len(call.args)
            if place < len(call.args):
                yield call.args[place], at

    def _functions(self, call: ast.Call, at: _At) -> Iterator[tuple[ast.FunctionDef, _At]]:
        module, functions = self.resolved(at.module, last_name(call.func), "functions")
        for one in functions:
            if isinstance(one, ast.FunctionDef):
                yield one, _At(module, one)

    def _returned(self, call: ast.Call, at: _At) -> Iterator[tuple[ast.expr, _At]]:
        """What a call may come to: what its function returns, what stands in for an absent value, what is joined or stripped."""
        match call:
            case ast.Call(func=ast.Attribute(attr="get"), args=[_, other]):
                yield other, at
            case ast.Call(func=ast.Attribute(attr="strip", value=value)):
                yield value, at
            case ast.Call(func=ast.Name(id="str"), args=[value]):
                yield value, at
            case ast.Call(func=ast.Attribute(attr="join"), args=[ast.GeneratorExp() | ast.ListComp() as each]):
                yield each.elt, at.within(each)
            case _:
                for function, there in self._functions(call, at):
                    for node in self._within(function):
                        if isinstance(node, ast.Return) and node.value is not None:
                            yield node.value, there

    def _yielded(self, call: ast.Call, at: _At) -> Iterator[tuple[ast.expr, _At, bool]]:
        for function, there in self._functions(call, at):
            for node in self._within(function):
                if isinstance(node, ast.Yield | ast.YieldFrom) and node.value is not None:
                    yield node.value, there, isinstance(node, ast.YieldFrom)


def _told(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The texts that a node hands over, with what they are."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords) if _takes(func):
            yield from (one for one in zip(TAKEN[last_name(func)], args, strict=False) if one[0] in SAID)
            yield from ((one.arg, one.value) for one in keywords if one.arg in SAID and one.arg)
        case ast.Call(func=ast.Name(id="ValueError"), args=[reason]):
            yield "found", reason
        case ast.Call(func=ast.Attribute(attr="append", value=ast.Attribute(attr="notes" | "runs")), args=[note]):
            yield "note", note
        case ast.AugAssign(target=ast.Attribute(attr="notes"), value=value):
            yield "notes", value
        case ast.FunctionDef(args=arguments):
            given = [one.arg for one in arguments.args][len(arguments.args) - len(arguments.defaults) :]
            yield from (("do", value) for name, value in zip(given, arguments.defaults, strict=True) if name == "do")


def _takes(function: ast.expr) -> bool:
    """Whether it takes texts of findings: of a list or a set, ``add`` takes something else."""
    match function:
        case ast.Name(id=name):
            return name in {"same", "Finding", "checking"}
        case ast.Attribute(attr=name, value=ast.Name(id="findings" | "self") | ast.Attribute(attr="findings")):
            return name in TAKEN
        case ast.Attribute(attr="file" | "run", value=ast.Name(id="where")):
            return True
    return False


def _places(target: ast.expr, name: str) -> list[Path]:
    """Where a name stands in what is bound."""
    match target:
        case ast.Name():
            return [()] if target.id == name else []
        case ast.Tuple() | ast.List():
            return [(number, *path) for number, one in enumerate(target.elts) for path in _places(one, name)]
    return []


def _parts(node: ast.expr) -> list[ast.expr]:
    """The expressions of which one is the value."""
    match node:
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BoolOp():
            return list(node.values)
        case ast.BinOp():
            return [node.left, node.right]
        case ast.NamedExpr() | ast.Starred():
            return [node.value]
    return []


def finding_texts() -> dict[str, tuple[str, str]]:
    """Every text of a finding: its template, the place in the code, and what it is handed over as."""
    return _Checks().read()
