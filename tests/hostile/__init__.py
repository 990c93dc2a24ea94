"""Hostile inputs by the thousand: every one is settled row by row, or refused before anything is written.

Each kind of input has a module with ``make`` (an input from a seed) and ``judge`` (what a run did wrong with it);
:mod:`hostile.campaign` sends seeds to processes that run them, :mod:`hostile.readings` reads inputs and results without the
engine. What fails is kept below build/hostile, and its seed repeats it.
"""
