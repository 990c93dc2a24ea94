"""The installed regions with made-up rules where theirs say that nothing is known: accounts of 2021, and who is assisted with premiums.

For tests and for the large province: every settlement of a year then has something to settle. Nothing here is true of any region.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qingsuan import plugins
from qingsuan.plugins import Installed

__all__ = ["made_up_regions"]

_SOURCE = '\n[sources.X]\ndocument = "made-up rule"\narticle = "none"\ngrade = "made-up"\n'

_ACCOUNTS = """\
# made up: no rule of any region
format = 1

[account]
region = "{region}"
pools = {pools}
title = "made-up accounts"
effective = 2021-01-01
source = "X"

[members]
who = "acct_mode"
source = "X"

[months]
counts = "any-day"
received = true
source = "X"

[in_service]
percent = 2
source = "X"

[[retired]]
from = 2021-01-01
yuan = 95
source = "X"

[interest]
months = [12]
draws = "carried"
source = "X"

[[interest.rates]]
from = 2021-01-01
current_percent = "0.35"
carried_percent = "1.50"
exact = true
source = "X"

[uses]
part = false
relations = ["spouse", "parent", "child"]
source = "X"

[[uses.allowed]]
use = "care"
own = true
family = true
source = "X"

[[uses.allowed]]
use = "pharmacy"
own = true
family = true
source = "X"

[[uses.refused]]
use = "wellness"
source = "X"
"""

_PREMIUMS = """\
# made up: no rule of any region
format = 1

[premium]
region = "150000"
title = "made-up premiums"
year = 2021
schemes = ["390"]
days = [2021-06-30]
source = "X"

[standard]
yuan = 320
minimum = true
source = "X"

[carry]
into = 2022
source = "X"

[[groups]]
id = "full"
title = "made-up group, wholly assisted"
codes = ["2301", "2304"]
full = true
borne_by = [{ bearer = "assistance" }]
source = "X"

[[groups]]
id = "partly"
title = "made-up group, partly assisted"
codes = ["2302", "2303", "2307", "2308"]
percent = 60
floor = 200
borne_by = [{ bearer = "assistance", percent = 50 }, { bearer = "county" }]
source = "X"
"""

_POOLS = {"150000": ["150100", "150900"], "220000": ["220100", "220200"]}


def made_up_regions(folder: Path) -> Installed:
    """What is installed, with the rules of accounts and premiums of 2021 replaced by made-up ones, which are written to ``folder``."""
    installed = plugins.load()
    changed = []
    for plugin in installed.plugins:
        assert plugin.region is not None, plugin.problem
        code = plugin.region.code
        accounts = folder / code / "accounts"
        accounts.mkdir(parents=True, exist_ok=True)
        pools = str(_POOLS[code]).replace("'", '"')
        (accounts / "made-up.toml").write_text(_ACCOUNTS.format(region=code, pools=pools) + _SOURCE, "utf-8")
        region = replace(plugin.region, accounts=accounts)
        if code == "150000":
            premiums = folder / code / "premiums"
            premiums.mkdir(parents=True, exist_ok=True)
            (premiums / "made-up.toml").write_text(_PREMIUMS + _SOURCE, "utf-8")
            region = replace(region, premiums=premiums)
        changed.append(replace(plugin, region=region))
    return replace(installed, plugins=tuple(changed))
