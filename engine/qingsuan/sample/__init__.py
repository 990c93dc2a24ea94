"""Makes a plausible year that never was (样例数据): claims, insured people and identities, labelled as made up."""

from __future__ import annotations

from qingsuan.sample.make import FORMATS, Made, make_year

__all__ = ["FORMATS", "Made", "make_year"]
