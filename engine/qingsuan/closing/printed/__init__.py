"""The report of a closed year, printed: one HTML page for a meeting, one workbook with the same tables.

In comes the folder of a closed year, out go a page and a workbook in one language, with the look of the report of a run. Everything is in
the records of the year and of its parts: nothing is added up anew but totals, no table of people is opened, and nobody is named.
"""
