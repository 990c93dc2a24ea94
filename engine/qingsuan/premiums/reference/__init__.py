"""The slow twin of premiums: the same calculation in plain Python over the rule as written. It judges, and is never a fallback.

Rows (``rows.py``) and rules come in, what each person comes to goes out (``twin.py``). It knows no NumPy, no Arrow and nothing
of what it judges.
"""
