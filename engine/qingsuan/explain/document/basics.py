"""What several parts of the document are made of: sources, conditions, texts of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

__all__ = ["Condition", "Source", "Texts", "plain"]


Texts = Mapping[str, str]
"""A row of a table: texts by column."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value of the rules comes from (依据).

    Attributes
    ----------
    document : the document, as it is titled.
    article : where in it.
    grade : how good the source is: A, B, C, E, reading, derived or made-up.
    owner : who answers for a reading; empty where nobody has to.
    """

    document: str
    article: str
    grade: str
    owner: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule, a case or an exemption, and the value that met it or did not.

    Attributes
    ----------
    dimension : what is asked for, such as med_type; empty where one of several alternatives must hold.
    says : what is asked, in words.
    value : what the claim has; several identity classes are parted by commas. Null where it has none.
    met : whether the condition holds.
    alternatives : lists of conditions of which one has to hold whole; empty for a plain condition.
    """

    dimension: str
    says: str
    value: str | None
    met: bool
    alternatives: tuple[tuple[Condition, ...], ...] = ()


def plain(value: Any) -> Any:
    """A document as JSON has it: mappings, lists, texts, whole numbers, true, false and null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value
