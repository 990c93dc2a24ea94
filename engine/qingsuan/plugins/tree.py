"""The tree of a plugin's distribution, digested without importing anything of it: what may be opened is known before it is.

In it are the distribution's name and version, its entry points of our group, every file of the packages and modules that these name,
and every other file that was installed with it and can be imported. Where it is installed does not matter, nor what Python keeps
beside the code (``__pycache__``) or a development installation beside the packages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution
from pathlib import Path

from qingsuan.listing import files_below
from qingsuan.plugins.places import is_below, roots_of
from qingsuan.policy.model import FOLDERS, Region

__all__ = ["Tree"]

_EDITABLE = "__editable__"
"""How the files begin that lead a development installation to its packages."""


class Tree:
    """The tree of one distribution.

    Parameters
    ----------
    distribution, version
        As they are compared.
    points
        Name and value of each of its entry points of our group, such as ``("jilin", "qingsuan_jilin")``.
    metadata
        Where it says which files were installed with it; None if nothing does.
    """

    def __init__(
        self, distribution: str, version: str, points: Iterable[tuple[str, str]], metadata: Distribution | None
    ) -> None:
        self._said = [f"{distribution} {version}", *(f"{name} = {value}" for name, value in sorted(points))]
        tops = sorted({value.partition(":")[0].strip().partition(".")[0] for _, value in points})
        self.roots = tuple(root for top in tops for root in roots_of(top, metadata))
        self._metadata = metadata

    @property
    def digest(self) -> str:
        """The SHA-256 of all of it.

        Raises
        ------
        OSError
            A file cannot be read.
        """
        digest = hashlib.sha256("".join(f"{line}\n" for line in self._said).encode())
        for name, path in sorted({**dict(self._others()), **dict(self._packages())}.items()):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{content}  {name}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def outside(self, region: Region) -> list[str]:
        """The folders of a region that lie elsewhere: nobody sealed what stands in them."""
        folders = {name: getattr(region, name) for name in FOLDERS}
        return [
            name for name, folder in folders.items() if folder is not None and not is_below(str(folder), self.roots)
        ]

    def _packages(self) -> Iterator[tuple[str, Path]]:
        for root in self.roots:
            for path in [root] if root.is_file() else files_below(root):
                if path.is_file() and "__pycache__" not in path.parts:
                    yield path.relative_to(root.parent).as_posix(), path

    def _others(self) -> Iterator[tuple[str, Path]]:
        """What else was installed with it: modules beside the packages, and what Python runs when it starts."""
        for file in (self._metadata.files if self._metadata is not None else None) or ():
            path = Path(str(file.locate()))
            is_known = (
                file.name.startswith(_EDITABLE) or "__pycache__" in file.parts or file.parts[0].endswith(".dist-info")
            )
            if not is_known and path.is_file():
                yield file.as_posix(), path
