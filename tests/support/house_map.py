"""The map of the house: its rooms, and which imports which. ``python tests/support/house_map.py`` draws it, ``test_house.py`` judges it.

A room is a package; inside one, its modules and smaller rooms are what the map shows. What is imported for types only counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

__all__ = ["circles", "floors", "imports", "modules_in", "rooms"]

ENGINE = Path(__file__).resolve().parents[2] / "engine"
HOUSE = "qingsuan"

Graph = Mapping[str, set[str]]


def module_of(path: Path) -> str:
    """The name by which a file is imported."""
    parts = path.relative_to(ENGINE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> Graph:
    """What each module of ours imports of ours; the house itself, which gives public names only, left out."""
    paths = {module_of(path): path for path in sorted((ENGINE / HOUSE).rglob("*.py"))}
    return {name: _imported(path, paths.keys()) - {name, HOUSE} for name, path in paths.items() if name != HOUSE}


def _imported(path: Path, known: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(known)


def rooms() -> list[str]:
    """Every package, from the house down."""
    return sorted(module_of(path) for path in (ENGINE / HOUSE).rglob("__init__.py"))


def modules_in(room: str) -> list[str]:
    """The modules that lie in a room itself, its front page not counted."""
    folder = ENGINE / Path(*room.split("."))
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def inside(room: str) -> Graph:
    """What the modules and smaller rooms of a room import of each other."""
    depth = room.count(".") + 2

    def part(name: str) -> str:
        return ".".join(name.split(".")[:depth]) if name.startswith(f"{room}.") else ""

    found: dict[str, set[str]] = {}
    for name, imported in imports().items():
        if part(name):
            found.setdefault(part(name), set()).update({part(one) for one in imported} - {"", part(name)})
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Parts that import each other in a circle: what is left when everything that can be built first is taken away."""
    left = {name: set(others) for name, others in graph.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    while ends := left.keys() - {other for others in left.values() for other in others}:
        for name in ends:
            del left[name]
    return [sorted(left)] if left else []


def floors(graph: Graph) -> list[list[str]]:
    """Parts floor by floor, the lowest first: each imports of lower floors only."""
    left, found = {name: set(others) for name, others in graph.items()}, []
    while free := sorted(name for name, others in left.items() if not others & left.keys()):
        found.append(free)
        for name in free:
            del left[name]
    return found


def draw() -> str:
    """The map as text, the highest floor of each room first."""
    lines = []
    for room in rooms():
        lines.append(f"\n{room}")
        graph = inside(room)
        for floor in reversed(floors(graph)):
            for name in floor:
                below = ", ".join(sorted(other.rpartition(".")[2] for other in graph[name]))
                lines.append(f"  {name.rpartition('.')[2]:18} -> {below}" if below else f"  {name.rpartition('.')[2]}")
            lines.append("  " + "-" * 18)
        lines.pop()
        lines += [f"  IN A CIRCLE: {', '.join(circle)}" for circle in circles(graph)]
    return "\n".join(lines).lstrip("\n")


if __name__ == "__main__":
    print(draw())  # noqa: T201
