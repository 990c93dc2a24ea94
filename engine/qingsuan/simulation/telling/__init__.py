"""What a simulation tells: tables made of its sums, a workbook of these, and a summary in words.

In come sums by cell and by bucket; out go Arrow tables (``docs/simulate.md``), an XLSX and a text. Nothing here settles a claim.
"""
