"""How an HTML page and a workbook look: a page is one file without a network or a script, prints on A4 and can be read in black and white.

``rendering.py`` fills in templates (Jinja2, every text escaped), ``templates/`` has the look and the parts that all pages are made of,
``numbers.py`` writes amounts, ``charts.py`` makes a drawing part of a page (matplotlib) and ``pictures.py`` draws bars and curves,
``files.py`` writes a page, and ``workbooks.py`` says how a sheet looks (openpyxl). In come a template of a room above and plain values,
out goes a text. It knows no claim, no rule and no run.
"""
