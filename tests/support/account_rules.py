"""A rule of personal accounts for a made-up pool: 2 % in service, 100 yuan a month retired, care may be paid."""

__all__ = ["ACCOUNT_RULE"]

ACCOUNT_RULE = """\
format = 1
[account]
region = "990000"
pools = ["990100"]
title = "made-up rule"
effective = 2022-01-01
source = "X"
[members]
who = "all"
source = "X"
[months]
counts = "any-day"
received = false
source = "X"
[in_service]
percent = 2
source = "X"
[[retired]]
from = 2022-01-01
yuan = 100
source = "X"
[uses]
part = false
relations = ["spouse"]
source = "X"
[[uses.allowed]]
use = "care"
own = true
family = true
source = "X"
[sources.X]
document = "made-up rule"
article = "none"
grade = "made-up"
"""
