"""Finished runs that go by heads, checked again: subsidies with what has arrived of them, and premiums.

In come the folder of a run and its record, out go findings. It knows the tables that come out, not the settlements that made them.
"""
