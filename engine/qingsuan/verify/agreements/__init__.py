"""Finished runs of what a bureau has agreed with others, checked again without their inputs: what adds up row by row and over tables.

In come the folder of a run and its record, out go findings and how many rows were looked at. ``known.py`` says which settlements these are.
It knows the tables that come out, not the settlements that made them.
"""
