"""A rule of who bears a gap, of a made-up region."""

__all__ = ["GAP_RULE"]

GAP_RULE = """\
format = 1
[fund]
region = "990000"
title = "made-up rule"
effective = 2021-01-01
pools = ["990100"]
funds = ["resident"]
source = "X"
[ratio]
city_percent = 40
county_percent = 40
source = "X"
[not_met]
bears = "county"
source = "X"
[spread]
by = "proportion"
source = "X"
[[last]]
fund = "reserve"
bound_yuan = 50
source = "X"
[[last]]
fund = "adjustment"
bound_yuan = 30
source = "X"
[sources.X]
document = "made-up rule"
article = "none"
grade = "made-up"
"""
