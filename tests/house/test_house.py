"""The rules of the house, executed: what review would otherwise have to notice every time."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from house_map import circles, imports, inside, modules_in, rooms

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "engine"
EXT = ROOT / "ext"
COMPILED = sorted(EXT.rglob("*.pyx"))
OURS = sorted(ENGINE.rglob("*.py"))
PLUGIN_SOURCES = sorted(ROOT.glob("plugins/*/src/**/*.py"))
EVERYTHING = [
    *OURS,
    *PLUGIN_SOURCES,
    *sorted(EXT.rglob("*.px[di]")),
    *COMPILED,
    *sorted((ROOT / "tests").rglob("*.py")),
]

NEAR_MONEY = (
    "money.py",
    "columns",
    "policy",
    "benefits",
    "movements",
    "operators",
    "elsewhere",
    "paid",
    "purchases",
    "subsidies",
    "report",
    "verify",
)
"""Below engine/qingsuan: where an amount or a ratio lives, so that no float may."""

MOST_LINES = 500


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def near_money() -> list[Path]:
    return [path for path in OURS if path.relative_to(ENGINE / "qingsuan").parts[0] in NEAR_MONEY]


def floats_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every float literal, true division, and use of the name ``float`` or of a float type, with its line."""
    for node in outside_of_likeness(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"the literal {node.value!r}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield node.lineno, "float(...)"
        elif isinstance(node, ast.Attribute) and re.fullmatch(r"float(16|32|64)?|double|float_", node.attr):
            yield node.lineno, f".{node.attr}"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            operands = (node.target, node.value) if isinstance(node, ast.AugAssign) else (node.left, node.right)
            if not any(is_path_like(operand) for operand in operands):
                yield node.lineno, "the operator /"


def outside_of_likeness(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those of a call of ``get_close_matches``: how alike two words are is no money."""
    yield tree
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("get_close_matches")):
            yield from outside_of_likeness(node)


def is_path_like(node: ast.AST) -> bool:
    """Whether one side of ``/`` is a text or is called a folder: then it joins paths."""
    if isinstance(node, ast.Name | ast.Attribute):
        return (
            re.search(r"(?:root|folder|path|directory)$", node.id if isinstance(node, ast.Name) else node.attr)
            is not None
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return is_path_like(node.left) or is_path_like(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def imports_of(path: Path) -> set[str]:
    """Full names of what a module imports: ``from a.b import c`` gives both ``a.b`` and ``a.b.c``."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", near_money(), ids=name)
def test_no_float_near_money(path: Path) -> None:
    found = list(floats_in(ast.parse(path.read_text("utf-8"))))
    assert not found, "; ".join(f"{name(path)}:{line}: {what}" for line, what in found)


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("x = 0.5", True),
        ("x = float('1')", True),
        ("x = a.astype(np.float64)", True),
        ("x = pa.float64()", True),
        ("x = a / 100", True),
        ("a /= 2", True),
        ("x = a // 100", False),
        ("x = root / 'rules'", False),
        ("x = self.folder / name", False),
        ("x = folder / 'settled' / part(5)", False),
        ("x = a / b / c", True),
        ("x = 5", False),
        ("x = get_close_matches(a, b, cutoff=0.6)", False),
        ("def f():\n    return [a + 0.5]", True),
    ],
)
def test_a_float_would_be_noticed(code: str, caught: bool) -> None:
    assert bool(list(floats_in(ast.parse(code)))) is caught


@pytest.mark.parametrize("path", [*COMPILED, *sorted(EXT.rglob("*.pxd"))], ids=name)
def test_no_float_in_the_core(path: Path) -> None:
    code = re.sub(r'""".*?"""|#[^\n]*', "", path.read_text("utf-8"), flags=re.DOTALL)
    assert not re.findall(r"\b(?:float|double|float32|float64|float_t|\d+\.\d+)\b", code)


@pytest.mark.parametrize("path", [*OURS, *PLUGIN_SOURCES, *COMPILED], ids=name)
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


def test_nothing_is_left_for_later() -> None:
    marks = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", r"NotImplemented" + r"Error", "for" + " now")))
    for path in EVERYTHING:
        assert not marks.search(path.read_text("utf-8")), name(path)


MOST_MODULES = 13


@pytest.mark.parametrize("room", rooms())
def test_nothing_in_a_room_imports_in_a_circle(room: str) -> None:
    assert not circles(inside(room))


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert len(imports()) > 150
    assert not circles(imports())


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": set(), "b": {"a"}, "c": {"a", "b"}}, []),
        ({"a": {"b"}, "b": {"a"}, "c": {"a"}, "d": set()}, [["a", "b"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}, [["a", "b", "c"]]),
    ],
)
def test_a_circle_would_be_noticed(graph: dict[str, set[str]], found: list[list[str]]) -> None:
    assert circles(graph) == found


@pytest.mark.parametrize("room", rooms())
def test_a_room_has_a_front_page_and_about_a_dozen_modules(room: str) -> None:
    folder = ENGINE / Path(*room.split("."))
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))), f"{room} has no front page"
    assert len(modules_in(room)) <= MOST_MODULES, f"{room}: {modules_in(room)}"


@pytest.mark.parametrize("room", [room for room in rooms() if room != "qingsuan"])
def test_the_map_in_architecture_names_every_room(room: str) -> None:
    lines = (ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()
    assert any(line.startswith(f"| `{'/'.join(room.split('.')[1:])}/` |") for line in lines), f"no line of {room}"


def test_every_compiled_module_mirrors_its_import_path_and_has_one_door() -> None:
    doors = {path: imports_of(path) for path in OURS}
    for source in COMPILED:
        module = ".".join(source.relative_to(EXT).with_suffix("").parts)
        assert module.startswith("qingsuan._"), f"{name(source)}: a compiled module is private"
        opened_by = [name(path) for path, imported in doors.items() if module in imported]
        assert len(opened_by) == 1, f"{module} is opened by {opened_by}, expected one module in front of it"


@pytest.mark.parametrize("path", sorted((ROOT / "engine").rglob("*.py")), ids=name)
def test_folders_are_listed_whole_or_not_at_all(path: Path) -> None:
    """``Path.glob`` leaves out what may not be looked into: a table without a part of its rows would pass for a whole one."""
    found = [
        number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if re.search(r"\.r?glob\(", line)
    ]
    assert not found, f"{name(path)}:{found}: list it by qingsuan.listing"


def test_the_core_imports_nothing_of_ours() -> None:
    for source in COMPILED:
        own = re.findall(r"^\s*(?:from|import|cimport)\s+(qingsuan(?:\.\w+)*)", source.read_text("utf-8"), re.MULTILINE)
        assert all(part.startswith("qingsuan._") for part in own), f"{name(source)} imports {own}"


def test_plugins_import_only_the_public_names() -> None:
    for path in PLUGIN_SOURCES:
        inside = {imported for imported in imports_of(path) if imported.startswith("qingsuan.")}
        public = {f"qingsuan.{public}" for public in ("Function", "Pool", "Region", "hookimpl")}
        assert inside <= public, f"{name(path)} imports {sorted(inside - public)}"


def test_the_engine_knows_no_region() -> None:
    """What a region decides comes from its plugin: neither its code nor its name is anybody's special case."""
    region = re.compile(
        r"^(?:22|15)\d{4}$|jilin|neimenggu|changchun|hohhot|ulanqab|吉林|长春|内蒙古|呼和浩特|乌兰察布", re.IGNORECASE
    )
    may_name_them = {"sample", "cli", "divisions.py"}
    for path in OURS:
        if path.relative_to(ENGINE / "qingsuan").parts[0] not in may_name_them:
            tree = ast.parse(path.read_text("utf-8"))
            said = {
                node.value.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            }
            texts = {
                node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            special = [text for text in texts - said if region.search(text) and "such as" not in text]
            assert not special, f"{name(path)}: {special}"


def test_no_machine_path_is_written_down() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    files = [ROOT / line for line in listed.stdout.splitlines()] if listed.returncode == 0 else EVERYTHING
    machine = re.compile("/" + r"(?:home|root|Users|work|opt)/\w|[A-Z]:\\\\\w")
    for path in files:
        if path.suffix in {".py", ".pyx", ".pxd", ".md", ".toml", ".txt", ".csv", ".cfg"} and path.exists():
            assert not machine.search(path.read_text("utf-8")), name(path)


def targets_said() -> set[str]:
    """What the pages, CI and the Makefile itself tell a reader, or a machine, to make."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md"), ROOT / ".ci/run"]
    text = "\n".join(page.read_text("utf-8") for page in [*pages, ROOT / "Makefile", *(ROOT / "tests").rglob("*.md")])
    return set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text, re.MULTILINE))


@pytest.mark.parametrize("target", sorted(targets_said()))
def test_what_the_pages_say_to_make_can_be_made_and_is_in_the_help(target: str) -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}:", text, re.MULTILINE), f"the Makefile has no target {target}"
    assert re.search(rf"^## {target}: ", text, re.MULTILINE), f"make help does not list {target}"


def test_every_target_of_the_help_can_be_made_whatever_files_there_are() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    helped = set(re.findall(r"^## ([a-z-]+): ", text, re.MULTILINE))
    assert targets_said() <= helped
    for target in helped:
        assert re.search(rf"^\.PHONY: {target}$", text, re.MULTILINE), f"a file named {target} would stop make {target}"


TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if path.name.startswith("test_"))


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_a_test_imports_no_test(path: Path) -> None:
    """What two of them need is in tests/support: then either can be changed, moved and read alone."""
    found = sorted(imported for imported in imports_of(path) if imported.split(".")[-1].startswith("test_"))
    assert not found, f"{name(path)} imports {found}; put what they share into tests/support"


def test_every_room_of_the_tests_is_named_after_one_of_the_engine() -> None:
    """So that the tests of a module are found where the module is; a folder without a room is one of those named here."""
    others = {"cases", "hostile", "house", "spark"}
    engine = {room.removeprefix("qingsuan").removeprefix(".").replace(".", "/") for room in rooms()}
    for path in TESTS:
        room = path.parent.relative_to(ROOT / "tests").as_posix().removeprefix(".")
        assert room in engine | others, f"{name(path)}: the engine has no room {room}"


NAMES_TESTS = (
    *("Makefile", "pyproject.toml", "CONTRIBUTING.md", "ARCHITECTURE.md", "benchmarks/README.md"),
    *("tests/repro/README.md", "tests/support/mutants.py", "tests/support/house_map.py", ".gitattributes"),
)


@pytest.mark.parametrize("page", NAMES_TESTS)
def test_every_path_into_the_tests_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"(?<![\w/*])tests/[\w./-]*\w", (ROOT / page).read_text("utf-8")))
    assert named, f"{page} names none: take it off the list"
    gone = sorted(path for path in named if not (ROOT / path).exists())
    assert not gone, f"{page} names {gone}"


def test_help_is_quick_and_needs_no_table() -> None:
    """``--help`` imports neither pyarrow nor numpy: a command imports what it needs when it is called."""
    code = "import sys, qingsuan.cli; sys.exit(any(m in sys.modules for m in ('pyarrow', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def parameters_of(stub: ast.Module) -> dict[str, list[str]]:
    functions = [node for node in ast.walk(stub) if isinstance(node, ast.FunctionDef)]
    return {function.name: [argument.arg for argument in function.args.args] for function in functions}


OF_CYTHON = {"__cinit__", "__dealloc__"}
"""How an object of a compiled class begins and ends: nobody calls them."""


@pytest.mark.parametrize("source", COMPILED, ids=name)
def test_the_stub_says_what_the_compiled_module_takes(source: Path) -> None:
    stub = ENGINE / source.relative_to(EXT).with_suffix(".pyi")
    written = re.findall(r"^ *def (\w+)\((.*?)\):", source.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    taken = {
        function: [
            re.split(r"[\s\]]", part.strip())[-1]
            for part in re.sub(r"\[[^]]*\]", " ", inside).split(",")
            if part.strip()
        ]
        for function, inside in written
        if function not in OF_CYTHON
    }
    assert parameters_of(ast.parse(stub.read_text("utf-8"))) == taken
