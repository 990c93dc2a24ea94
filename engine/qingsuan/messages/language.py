"""Which language is spoken: the one that was asked for, else that of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["LANGUAGES", "VARIABLE", "Lang", "language_of"]

Lang = Literal["zh", "en"]

LANGUAGES: tuple[Lang, ...] = ("zh", "en")

VARIABLE = "QINGSUAN_LANG"
"""The environment variable that says the language of all commands."""

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The variables of the machine's own language; the first that is set decides."""


def language_of(asked: str | None, environment: Mapping[str, str]) -> Lang:
    """The language to speak.

    Parameters
    ----------
    asked
        What the caller asked for; None where nothing was.
    environment
        The variables of the process: ``QINGSUAN_LANG``, then ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``.

    Raises
    ------
    ValueError
        ``asked`` or ``QINGSUAN_LANG`` is neither ``zh`` nor ``en``; the text says which of them.

    >>> language_of(None, {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}), language_of(None, {"LANG": "C"}), language_of("zh", {})
    ('zh', 'en', 'zh')
    """
    for name, said in (("lang", asked), (VARIABLE, environment.get(VARIABLE))):
        if said:
            for known in LANGUAGES:
                if said == known:
                    return known
            raise ValueError(f"{name} is {said!r}, which is none of {', '.join(LANGUAGES)}")
    machine = next((environment[name] for name in _LOCALE if environment.get(name)), "")
    return "zh" if machine.lower().startswith("zh") else "en"
