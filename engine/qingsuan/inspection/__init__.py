"""What is in a bureau's files, said before any run: paths go in, a report and a proposed intake file come out.

``tables`` says which columns each table has, and which table files are taken for. ``looking`` opens files that may need an intake
file to be opened at all; ``tallies`` counts what stands in a column, batch by batch; ``proposing`` makes lines of an intake file of
that; ``rows`` says which rows would be rejected; ``report`` puts it together, ``told`` says it. Nothing is applied, and nobody
is named: of ids and texts only counts and shapes are shown.
"""
