"""Intake files: what a bureau says of its own exports goes in, and cells as the interface writes them come out.

``said`` is what such a file says of one table, ``reader`` reads it strictly. ``days`` knows forms of dates and times, ``amounts``
knows units, thousands and the one checked way from a float to fen, ``texts`` knows codes, blanks and widths. ``steps`` is what is
done to one column, and ``reading`` does it to whole batches: a cell that does not fit stays as it was written, and its row
is refused. It may not know files, formats or settlements: :mod:`qingsuan.run.inputs.binding` brings them together.
"""
