"""What changes come to, from Python: changed rules over a prepared year, numbers that may be changed, two runs beside each other.

In come prepared years and finished runs, out go objects with tables and a summary. Nothing of it is a settlement.
"""
