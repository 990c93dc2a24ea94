"""A new plugin to start from (``qingsuan new-plugin``): it installs, loads and settles at once, and has not one number.

Everything that is written stands as a file in ``template/`` beside this module, with names in place of what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from qingsuan import __version__
from qingsuan.divisions import find
from qingsuan.errors import RunError, UsageError

__all__ = ["NewPlugin", "NewPool", "new_plugin", "write_plugin"]

_SCHEMES = (
    ("390", "城乡居民", "residents", "1501"),
    ("310", "职工", "employees", "1101"),
)
"""Of each scheme: its code, what it is called, how its parameters and its template begin, and a person category of it."""

_DO = "qingsuan new-plugin 990000 示例省 --pool 990100:示例市 --out qingsuan-example"


@dataclass(frozen=True, slots=True)
class NewPool:
    """A pool (统筹区) of a new plugin."""

    code: str
    name: str

    @property
    def prefix(self) -> str:
        """What ``insu_admdvs`` of its people begins with: a prefecture's four digits, or a county's six."""
        return self.code[:4] if self.code.endswith("00") else self.code


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """What a new plugin is of: its region, its pools, the distribution's name, and the year of its rules."""

    code: str
    name: str
    pools: tuple[NewPool, ...]
    distribution: str
    year: int

    @property
    def module(self) -> str:
        """The package that has its files."""
        return self.distribution.replace("-", "_")


def new_plugin(code: str, name: str, pools: Sequence[str], *, distribution: str | None, year: int) -> NewPlugin:
    """Check what a new plugin is to be of; ``pools`` are codes, each with its name after a colon, which GB/T 2260 gives for some.

    Raises
    ------
    UsageError
        A code is none, a pool lies elsewhere or comes twice, or a name cannot be written.
    """
    if not (_is_code(code) and code.endswith("0000") and code != "000000"):
        raise _wrong("CODE", f"“{code}”", "the six digits of a province, such as 990000")
    chosen = distribution or f"qingsuan-{code}"
    if not re.fullmatch(r"qingsuan-[a-z0-9]+(-[a-z0-9]+)*", chosen):
        raise _wrong("--name", f"“{chosen}”", "qingsuan- and small letters and digits, such as qingsuan-example")
    if not pools:
        raise _wrong("--pool", "none", "at least one, such as --pool 990100:示例市")
    found = [_pool(text, code) for text in pools]
    for number, pool in enumerate(found):
        if pool.code in [other.code for other in found[:number]]:
            raise _wrong("--pool", f"{pool.code} twice", "every pool once")
    return NewPlugin(code, _name("NAME", name), tuple(found), chosen, year)


def _pool(text: str, region: str) -> NewPool:
    code, _, name = text.partition(":")
    if not (_is_code(code) and code[:2] == region[:2] and code[2:] != "0000"):
        raise _wrong("--pool", f"“{code}”", f"six digits of a pool of region {region}, such as {region[:2]}0100")
    known = find(code)
    return NewPool(code, _name("--pool", name or (f"统筹区{code}" if known is None else known.name)))


def _is_code(text: str) -> bool:
    return re.fullmatch(r"[0-9]{6}", text) is not None


def _name(where: str, text: str) -> str:
    """A name that stands in TOML and Markdown as it is."""
    if not text.strip() or text != text.strip() or not text.isprintable() or set(text) & set("\"'\\`$<>|{}"):
        raise _wrong(where, f"{text!r}", "a name: letters, digits, parentheses, without quotes or spaces around it")
    return text


def _wrong(where: str, found: str, expected: str) -> UsageError:
    return UsageError(f"new-plugin {where}", found=found, expected=expected, do=_DO)


def write_plugin(plugin: NewPlugin, folder: Path) -> tuple[str, ...]:
    """Write the distribution into a new folder; returns the files, by their paths in it.

    Raises
    ------
    UsageError
        Something is there already: nothing is written over.
    RunError
        The machine cannot write it.
    """
    texts = dict(_files(plugin))
    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))):
        raise UsageError(
            f"--out {folder}",
            found="something is there already",
            expected="a new folder, or an empty one: nothing is written over",
            do="give another folder",
        )
    try:
        for name, text in texts.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        (folder / ".ci/run").chmod(0o755)
    except OSError as error:
        raise RunError(
            f"--out {folder}",
            found=f"it cannot be written: {error}",
            expected="room, and the right to write there",
            do="mend that, remove what was begun, and give the command again",
        ) from error
    return tuple(texts)


def _files(plugin: NewPlugin) -> Iterator[tuple[str, str]]:
    package = f"src/{plugin.module}"
    values = _values(plugin)
    for name, template in (
        ("pyproject.toml", "pyproject.toml"),
        ("README.md", "README.md"),
        (".ci/run", "ci-run"),
        (f"{package}/region.toml", "region.toml"),
        (f"tests/{values['test_file']}", "contract.py"),
        ("sample/claims.csv", "claims.csv"),
        ("sample/insured.csv", "insured.csv"),
    ):
        yield name, _filled(template, {**values, "pool": plugin.pools[0].code})
    for pool in plugin.pools:
        for scheme, scheme_name, group, psn_type in _SCHEMES:
            own = {**values, "pool": pool.code, "pool_name": pool.name, "scheme": scheme, "scheme_name": scheme_name}
            own |= {"group": group, "psn_type": psn_type}
            yield f"{package}/rules/{pool.prefix}-{scheme}-{plugin.year}-01-01.toml", _filled(f"{group}.toml", own)
            yield f"tests/cases/{pool.prefix}-{scheme}.toml", _filled("case.toml", own)


def _values(plugin: NewPlugin) -> dict[str, str]:
    tail = plugin.module.removeprefix("qingsuan_")
    return {
        "code": plugin.code,
        "name": plugin.name,
        "distribution": plugin.distribution,
        "module": plugin.module,
        "point": plugin.distribution.removeprefix("qingsuan-"),
        "camel": "".join(word.capitalize() for word in tail.split("_")),
        "test_file": f"test_{tail}.py",
        "year": str(plugin.year),
        "born_adult": f"{plugin.year - 40}-05-01",
        "born_child": f"{plugin.year - 10}-05-01",
        "born_old": f"{plugin.year - 70}-05-01",
        "fits": _fits(__version__),
        "pools": "\n".join(
            f'\n[[pools]]\ncode = "{pool.code}"\nname = "{pool.name}"\nprefixes = ["{pool.prefix}"]'
            for pool in plugin.pools
        ),
        "pool_list": "、".join(f"{pool.name}（{pool.code}）" for pool in plugin.pools),
    }


def _fits(version: str) -> str:
    """The versions of qingsuan that a plugin is written for: this one and those that only mend it."""
    major, minor = map(int, version.split(".")[:2])
    return f">={major}.{minor},<{major}.{minor + 1}"


def _filled(template: str, values: dict[str, str]) -> str:
    text = (files("qingsuan.plugins") / "template" / f"{template}.in").read_text("utf-8")
    return Template(text).substitute(values)
