"""The report of what has arrived of a subsidy (市县财政补助资金到位情况), as a spreadsheet and as a page.

In comes a finished run with receipts, out goes one file (``writing.py``); ``rows.py`` says what stands in it. It works nothing
out but sums.
"""
