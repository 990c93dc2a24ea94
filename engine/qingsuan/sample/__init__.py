"""Makes a plausible year that never was (样例数据): every table that the settlements of a year take, labelled as made up.

What comes in is a size and a seed, what goes out a folder of files in constant memory. It knows no rule of a region: what people pay and
governments transfer is made up, of a plausible size.
"""

from __future__ import annotations

from qingsuan.sample.make import CHUNK, FORMATS, Made, make_year

__all__ = ["CHUNK", "FORMATS", "Made", "make_year"]
