"""The report of a run, printed: one HTML page for a meeting, one workbook with the same tables.

In comes the folder of a finished run of benefits, out go a page (Jinja2, matplotlib) and a workbook (openpyxl) in one language. Everything
is added up from what the run wrote; of people only tenths are told. It knows no rule and settles nothing.
"""
