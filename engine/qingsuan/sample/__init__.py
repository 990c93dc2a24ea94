"""Makes a plausible year that never was (样例数据): claims, insured people and identities, labelled as made up."""

from __future__ import annotations

from qingsuan.sample.make import CHUNK, FORMATS, Made, make_year

__all__ = ["CHUNK", "FORMATS", "Made", "make_year"]
