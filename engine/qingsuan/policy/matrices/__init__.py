"""Tables of a notice as tables of the file: named groups of people, rows and columns, and the cases that they stand for.

A matrix says nothing that cases could not say; it is expanded to them before anything is checked, so overlaps, gaps and collisions
are found as between cases.
"""
