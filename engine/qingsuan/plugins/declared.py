"""A region that is declared in a file (``region.toml``) beside its rules: read as rules are, and nothing of the plugin runs.

A plugin of parameters is this file and the folders that it names. Where a package has one, no module of it is imported.
"""

from __future__ import annotations

from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.policy.model import FOLDERS, Pool, Region
from qingsuan.policy.strict import Table, load

__all__ = ["declared_region"]


def declared_region(file: Path) -> Region:
    """Read the declaration of a region; its folders are those beside the file.

    Raises
    ------
    PolicyError
        The file cannot be trusted, names a folder that is not there, or does not name one that is.
    """
    table = load(file, label=f"{file.parent.name}/{file.name}")
    folders = {name: file.parent / name for name in _folders(table, file.parent)}
    region = Region(
        code=table.text("code"),
        name=table.text("name"),
        pools=tuple(_pool(one) for one in table.tables("pools")),
        codes={column: _meanings(codes) for column, codes in table.named_tables("codes").items()},
        **folders,  # type: ignore[arg-type]  # each is a field of a region that is a folder
    )
    table.done()
    return region


def _pool(table: Table) -> Pool:
    return Pool(table.text("code"), table.text("name"), table.texts("prefixes"))


def _meanings(table: Table) -> dict[str, str]:
    return {code: table.text(code) for code in table.names()}


def _folders(table: Table, beside: Path) -> tuple[str, ...]:
    """The names of the folders, each of which is there; and no other one is."""
    named = table.texts("folders", ())
    for number, name in enumerate(named, 1):
        if name not in FOLDERS:
            table.refuse(f"folders[{number}]", found=f'"{name}"', expected=f"some of {', '.join(FOLDERS)}")
        if not (beside / name).is_dir():
            table.refuse(
                f"folders[{number}]",
                found=f"no folder {name}/ beside the file",
                expected="every folder that is named here",
                do="write it, and ship it with the plugin (package-data); or take the name out",
            )
    for name in FOLDERS:
        if name not in named and (beside / name).is_dir():
            raise PolicyError(
                table.where("folders"),
                found=f"there is a folder {name}/ that is not named here: nobody would read it",
                expected="every folder that is there",
                do=f'add "{name}", or take the folder away',
            )
    return named
