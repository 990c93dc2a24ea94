"""The words for a rule set, with what its region says in a language: its codes, and the Chinese of its reasons and sources."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from qingsuan.messages import Lang
from qingsuan.plugins.texts import rules_in_chinese
from qingsuan.policy.model import Region, RuleSet
from qingsuan.rulebook.words import Words

__all__ = ["words_of"]

_NO_CODES: Mapping[str, Mapping[str, str]] = MappingProxyType({})


def words_of(rule_set: RuleSet, region: Region | None, lang: Lang) -> Words:
    """Words whose ``rule_set`` is said in the language as far as its region has it so; without a region as the file has it.

    Raises
    ------
    PolicyError
        The catalogue that the region brings cannot be read.
    """
    told = rule_set if lang == "en" or region is None else rules_in_chinese(rule_set, region)
    return Words(told, lang, _NO_CODES if region is None else region.codes)
