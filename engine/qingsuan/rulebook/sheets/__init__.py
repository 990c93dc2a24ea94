"""The tables of a rule set as a spreadsheet, one sheet for each table of the notice, and back into the parameter file.

``layout.py`` says what a sheet has where, ``writing.py`` writes a workbook, ``reading.py`` reads one and refuses every cell that is
not what its column says, ``editing.py`` changes numbers in a file and nothing else of it. It needs the extra ``policy``.
"""
