"""Where the files of a plugin lie: found by what its distribution installed, without importing anything of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

__all__ = ["DECLARATION", "Places", "files_below", "is_below", "roots_of"]

DECLARATION = "region.toml"
"""The file in a plugin's package that declares its region."""

_EDITABLE = "__editable__"
"""How the files begin that lead a development installation to its packages."""

_AT_START = ("sitecustomize.py", "usercustomize.py")
"""Modules that Python imports whenever it starts, beside the lines of ``*.pth`` files that begin with ``import``."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of one plugin lie.

    Attributes
    ----------
    roots : the folders of its package, or the file of its module.
    declaration : the file that declares its region; None if its hook hands it over.
    run_at_start : a file of it that Python runs whenever it starts; empty if it has none.
    """

    roots: tuple[Path, ...]
    declaration: Path | None
    run_at_start: str

    @classmethod
    def of(cls, point: Any) -> Places:
        """Look for the files of an entry point."""
        module = str(getattr(point, "value", "")).partition(":")[0].strip()
        roots = roots_of(module, point.dist)
        below = module.split(".")[1:]
        files = [root.joinpath(*below, DECLARATION) for root in roots]
        declaration = next((file for file in files if file.is_file()), None)
        return cls(roots, declaration, _run_at_start(point.dist))


def _run_at_start(distribution: Distribution | None) -> str:
    try:
        files = list(getattr(distribution, "files", None) or ())
    except Exception:  # noqa: BLE001 - a list of files that cannot be read names none
        return ""
    for file in files:
        if file.name in _AT_START or (file.name.endswith(".pth") and not file.name.startswith(_EDITABLE)):
            return str(file.name)
    return ""


def roots_of(module: str, distribution: Distribution | None) -> tuple[Path, ...]:
    """The folders of the outermost package of a module, or the file of a module of its own; none if there is no such thing.

    What the distribution itself installed comes first: a package of the same name elsewhere on the path does not stand in for it.
    """
    top = module.partition(".")[0]
    if not top.isidentifier():
        return ()
    locate = getattr(distribution, "locate_file", None)
    own = None if locate is None else Path(str(locate(top)))
    if own is not None and own.is_dir():
        return (own,)
    try:
        spec: ModuleSpec | None = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return ()
    if spec.submodule_search_locations is not None:
        return tuple(Path(place) for place in sorted(spec.submodule_search_locations))
    return (Path(spec.origin),) if spec.has_location and spec.origin else ()


def is_below(path: str | Path, roots: Iterable[Path]) -> bool:
    """Whether a path is one of some folders or files, or lies in one; links are followed."""
    found = Path(path).resolve()
    return any(found.is_relative_to(root.resolve()) for root in roots)


def files_below(folder: Any, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file in a folder and those in it, by its path below, sorted; without what Python keeps of code.

    Links to folders are not followed, and what is neither file nor folder is left out: it may have no end.
    """
    for entry in sorted(folder.iterdir(), key=lambda entry: str(entry.name)):
        if entry.is_dir():
            if entry.name != "__pycache__" and not (isinstance(entry, Path) and entry.is_symlink()):
                yield from files_below(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            yield f"{prefix}{entry.name}", entry.read_bytes()
