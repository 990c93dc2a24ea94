"""What a region's parameter files say in English, in Chinese: the gettext catalogue that its plugin brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from io import BytesIO

from qingsuan.errors import PolicyError, QingsuanError
from qingsuan.messages import Lang
from qingsuan.plugins.finding import load
from qingsuan.policy.model import Region, RuleSet
from qingsuan.policy.toml.file import read_bytes

__all__ = ["CATALOGUE", "rules_in_chinese", "texts_in_chinese", "texts_of_plugins"]

CATALOGUE = "zh.po"
"""The file in the folder that ``Region(texts=…)`` names."""


def texts_in_chinese(region: Region) -> Mapping[str, str]:
    """The texts of a region's parameter files (titles, articles, reasons) with their translations; none where it brings none.

    Raises
    ------
    PolicyError
        There is no such file, or it is no catalogue.
    """
    return {} if region.texts is None else _read(region.texts)


def texts_of_plugins(lang: Lang) -> Mapping[str, str]:
    """What the parameter files of the installed regions say, by their English; nothing in English, or where a plugin cannot be opened.

    A report says what a run recorded: that its plugin is gone or broken since takes nothing from it but the translation.
    """
    if lang == "en":
        return {}
    found: dict[str, str] = {}
    try:
        for region in load().regions:
            found.update(texts_in_chinese(region))
    except QingsuanError:
        return {}
    return found


def rules_in_chinese(rule_set: RuleSet, region: Region) -> RuleSet:
    """A rule set whose sources and reasons are said in Chinese, as far as its region has them so; its numbers and names are its own.

    Raises
    ------
    PolicyError
        From :func:`texts_in_chinese`.
    """
    texts = texts_in_chinese(region)

    def told(text: str) -> str:
        return texts.get(text, text)

    return replace(
        rule_set,
        sources={
            key: replace(one, document=told(one.document), article=told(one.article))
            for key, one in rule_set.sources.items()
        },
        missing=tuple(replace(one, why=told(one.why)) for one in rule_set.missing),
        beyond=tuple(replace(one, why=told(one.why)) for one in rule_set.beyond),
        explained=tuple(replace(one, why=told(one.why)) for one in rule_set.explained),
    )


@cache
def _read(folder: object) -> Mapping[str, str]:
    from babel.messages.pofile import PoFileError, read_po  # only what is said in Chinese needs it

    file = folder.joinpath(CATALOGUE)  # type: ignore[attr-defined]  # a path, or what importlib.resources has
    content = read_bytes(file)
    try:
        catalogue = read_po(BytesIO(content), locale="zh", abort_invalid=True)
    except (UnicodeDecodeError, PoFileError) as error:
        raise PolicyError(
            str(file),
            found=f"it cannot be read: {error}",
            expected="a gettext catalogue of what the parameter files say, in Chinese",
            do="mend the file, or take Region(texts=…) out",
        ) from error
    return {str(one.id): str(one.string) for one in catalogue if one.id and one.string}
