"""What errors and help say in English, as it stands in the code: found by reading the code, so that nobody keeps a list of it.

A text is what is handed over as ``where``, ``found``, ``expected`` or ``do``, or the only argument of ``fail``; a name is followed to
what it was bound to in the same function, its module, or the module that it is imported from, and a call to what the function
returns. An f-string becomes a template with a ``{name}`` for each value; values that are phrases themselves are texts, too.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import click

import qingsuan
from qingsuan import errors
from qingsuan.cli import COMMANDS, cli
from qingsuan.cli.policy import COMMANDS as POLICY_COMMANDS
from qingsuan.cli.speaking import CLICK_SAYS, MACHINE_SAYS

__all__ = [
    "ENGINE",
    "Reader",
    "bindings",
    "help_texts",
    "is_prose",
    "last_name",
    "shape",
    "template_of",
    "written_texts",
]

ENGINE = Path(qingsuan.__file__).parent
SAID = ("where", "found", "expected", "do")
HANDED_ON = {*SAID, "hint"}
"""Parameters of functions that hand a text on to an error."""
ERRORS = {name for name in errors.__all__ if name[0].isupper()}
PLAIN = {"str", "repr", "len", "sorted", "min", "max", "sum", "int", "marked", "speak"}
"""Calls that make no English text of their own."""
DEEPEST = 3
"""Calls within calls that are followed."""
TYPED = re.compile(r"“[^”]*”|\S*[_./=\\<>|0-9]\S*|--?\w[\w-]*|[A-Z]{2,}\S*|[^\sA-Za-z]+")
"""What is no English: values, what is quoted, and what is typed as it stands, such as keys, paths and options."""

SAYS = re.compile(r"found|expected|hint|Finding\(|Error\(|\.fail\(")
"""What stands in a module that says something of an error."""

Function = ast.FunctionDef | None


def shape(text: str) -> str:
    """A template whatever its placeholders are called: a variable may be renamed without anybody translating anew."""
    return re.sub(r"(?<!\{)\{\w+\}(?!\})", "{}", text)


def is_prose(text: str, kind: str) -> bool:
    """Whether a person would read English in it: a value or a place of one word is a code."""
    words = TYPED.sub(" ", re.sub(r"\{\w+\}", "0", text)).split()
    words = [word for word in words if re.fullmatch(r"[A-Za-z][a-z'-]*", word)]
    return bool(words) and (len(words) > 1 or " " in text or kind not in {"where", "value"})


class Module:
    """What one module binds, and from where it imports."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.functions: dict[str, list[ast.FunctionDef]] = defaultdict(list)
        self.bound: dict[str, list[ast.expr]] = defaultdict(list)
        self.imported: dict[str, tuple[str, str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name].append(node)
            elif isinstance(node, ast.ClassDef):
                self.functions[node.name] = []
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qingsuan"):
                self.imported.update({one.asname or one.name: (str(node.module), one.name) for one in node.names})
        for body in (tree.body, *(one.body for one in tree.body if isinstance(one, ast.ClassDef))):
            for name, value in bindings(body):
                self.bound[name].append(value)


def bindings(nodes: list[ast.stmt] | Iterator[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Every name that is bound, with the value."""
    for node in nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and value is not None:
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, value
                elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    yield from (
                        (a.id, b) for a, b in zip(target.elts, value.elts, strict=False) if isinstance(a, ast.Name)
                    )


class Modules:
    """Modules by their paths below the engine, each read when it is asked for."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self.paths = paths
        self._read: dict[str, Module] = {}

    def __getitem__(self, name: str) -> Module:
        if name not in self._read:
            self._read[name] = Module(ast.parse(self.paths[name].read_text("utf-8")))
        return self._read[name]

    def that_say_something(self) -> list[tuple[str, Module]]:
        return [(name, self[name]) for name, path in self.paths.items() if SAYS.search(path.read_text("utf-8"))]


class Reader:
    def __init__(self) -> None:
        self.modules = Modules({str(path.relative_to(ENGINE)): path for path in sorted(ENGINE.rglob("*.py"))})
        self.texts: dict[str, tuple[str, str]] = {}
        """Each template with its place in the code and what it was handed over as."""
        self._seen: set[int] = set()
        self._inside: dict[ast.FunctionDef, dict[str, list[ast.expr]]] = {}

    @cached_property
    def handed_on(self) -> dict[tuple[str, str], list[str]]:
        """The parameters of functions some of which are texts."""
        found = {}
        for name, module in self.modules.that_say_something():
            for one in (one for several in module.functions.values() for one in several):
                parameters = [parameter.arg for parameter in one.args.args if parameter.arg != "self"]
                if HANDED_ON & set(parameters):
                    found[name, one.name] = parameters
            for one in (one for one in module.tree.body if isinstance(one, ast.ClassDef)):
                fields = [
                    field.target.id
                    for field in one.body
                    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
                ]
                if HANDED_ON & set(fields):
                    found[name, one.name] = fields
        return found

    def read(self) -> dict[str, tuple[str, str]]:
        for name, module in self.modules.that_say_something():
            self._visit(module.tree, name, None)
        return self.texts

    def _visit(self, node: ast.AST, module: str, function: Function) -> None:
        for child in ast.iter_child_nodes(node):
            inner = child if isinstance(child, ast.FunctionDef) else function
            if isinstance(child, ast.Call):
                for kind, text in self._handed_over(child, module):
                    self._follow(text, module, inner, kind)
            for name, value in bindings([child]):
                if name in SAID[1:]:
                    self._follow(value, module, inner, name)
            self._visit(child, module, inner)

    def _handed_over(self, call: ast.Call, module: str) -> Iterator[tuple[str, ast.expr]]:
        name, named = last_name(call.func), {one.arg: one.value for one in call.keywords if one.arg}
        if set(SAID[1:]) & named.keys():
            yield from ((kind, named[kind]) for kind in SAID if kind in named)
        if name in ERRORS and call.args:
            yield "where", call.args[0]
        if name == "fail" and call.args:
            yield "found", call.args[0]
        place, _ = self.resolved(module, name, "functions")
        for parameter, value in zip(self.handed_on.get((place, name), ()), call.args, strict=False):
            if parameter in HANDED_ON:
                yield parameter, value

    def resolved(self, module: str, name: str, what: str, depth: int = 0) -> tuple[str, list[ast.AST]]:
        """Where a name of a module is bound, and to what."""
        here = getattr(self.modules[module], what)
        if name in here:
            return module, here[name]
        if name in self.modules[module].imported and depth < DEEPEST:
            origin, meant = self.modules[module].imported[name]
            path = origin.removeprefix("qingsuan").lstrip(".").replace(".", "/")
            for there in (f"{path}.py", f"{path}/__init__.py".lstrip("/")):
                if there in self.modules.paths:
                    return self.resolved(there, meant, what, depth + 1)
        return "", []

    def _follow(self, node: ast.expr, module: str, function: Function, kind: str, depth: int = 0) -> None:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        for part in self._parts(node, module, kind):
            self._follow(part, module, function, "value" if isinstance(node, ast.JoinedStr) else kind, depth)
        match node:
            case ast.Call():
                self._follow_call(last_name(node.func), module, kind, depth)
            case ast.Name():
                inside = self.bound_in(function)[node.id] if function else []
                place, bound = (module, inside) if inside else self.resolved(module, node.id, "bound")
                for value in bound:
                    self._follow(value, place, function if inside else None, kind, depth)  # type: ignore[arg-type]
            case ast.Attribute():
                for value in self.modules[module].bound.get(node.attr, ()):
                    self._follow(value, module, function, kind, depth)

    def bound_in(self, function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
        if function not in self._inside:
            self._inside[function] = defaultdict(list)
            for name, value in bindings(ast.walk(function)):
                self._inside[function][name].append(value)
        return self._inside[function]

    def _follow_call(self, name: str, module: str, kind: str, depth: int) -> None:
        if name in PLAIN or depth >= DEEPEST:
            return
        place, functions = self.resolved(module, name, "functions")
        for function in functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                    self._follow(node.value, place, function, kind, depth + 1)  # type: ignore[arg-type]

    def _parts(self, node: ast.expr, module: str, kind: str) -> list[ast.expr]:
        """The expressions of which one is the text, or a part of it; what is a text itself is kept."""
        match node:
            case ast.Constant() | ast.JoinedStr():
                template = template_of(node)
                if re.search("[A-Za-z]{2}", re.sub(r"\{\w+\}", "", template)):
                    self.texts.setdefault(template, (f"{module}:{node.lineno}", kind))
                return [one.value for one in getattr(node, "values", ()) if isinstance(one, ast.FormattedValue)]
            case ast.IfExp():
                return [node.body, node.orelse]
            case ast.BinOp():
                return [node.left, node.right]
            case ast.BoolOp() | ast.Dict():
                return list(node.values)
            case ast.Tuple() | ast.List():
                return node.elts
            case ast.Subscript():
                return [node.value]
            case ast.GeneratorExp() | ast.ListComp():
                return [node.elt]
            case ast.Call() if last_name(node.func) == "join":
                return node.args
        return []


def last_name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def template_of(node: ast.Constant | ast.JoinedStr) -> str:
    """The text, with a name in braces for each value of it, and braces of its own written twice."""
    if isinstance(node, ast.Constant):
        return _braced(node.value) if isinstance(node.value, str) else ""
    said, names = "", Counter[str]()
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            name = _called(part.value).strip("_").lower() or "value"
            names[name] += 1
            said += f"{{{name}{names[name] if names[name] > 1 else ''}}}"
        else:
            said += _braced(str(getattr(part, "value", "")))
    return said


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _called(node: ast.expr) -> str:
    """A word for what stands there: the last name of the expression."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call():
            return _called(node.args[-1] if node.args else node.func)
        case ast.Subscript():
            return _called(node.value)
        case ast.BinOp():
            return _called(node.left)
        case ast.IfExp():
            return _called(node.body)
        case ast.BoolOp():
            return _called(node.values[0])
        case ast.GeneratorExp() | ast.ListComp():
            return _called(node.generators[0].iter)
    return "value"


def written_texts() -> dict[str, tuple[str, str]]:
    """Every text of an error: its template, the place in the code, and what it is handed over as."""
    return Reader().read()


def help_texts() -> dict[str, tuple[str, str]]:
    """Every text of help: of commands, groups and options, and what click adds."""
    found = {_braced(text): (f"--help of {name}", "help") for name, text in _helps(cli, "qingsuan")}
    lists = (*COMMANDS.values(), *POLICY_COMMANDS.values())
    found.update({_braced(text): ("a list of commands", "help") for text in lists})
    return {**found, **dict.fromkeys((*CLICK_SAYS, *MACHINE_SAYS), ("click or the machine", "help"))}


def _helps(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    for text in (command.help, command.epilog, command.short_help):
        yield from ((name, " ".join(one.split())) for one in (text or "").split("\n\n"))
    yield from (
        (name, " ".join(one.help.split())) for one in command.params if isinstance(one, click.Option) and one.help
    )
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None, inner
            yield from _helps(found, f"{name} {inner}")
