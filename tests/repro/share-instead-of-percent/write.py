"""Write the percentage of the rule file in the next of the ways in which people write it."""

from pathlib import Path

WAYS = ['["0.60"]', "[0.60]", "[60]", '["0.60"], exact = true']
rules = Path("site/qingsuan_example/rules/a.toml")
text = rules.read_text("utf-8")
now = max((way for way in WAYS if f"percent = {way}," in text), key=len)
rules.write_text(text.replace(f"percent = {now},", f"percent = {WAYS[WAYS.index(now) + 1]},"), "utf-8")
