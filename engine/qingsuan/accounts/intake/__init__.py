"""Rows as they come: the columns of every table, their checks row by row, what is kept of them, and who is tied to whom.

In come batches of a file, out go internal rows with the key of their family. The room knows a rule's names of uses and
relations, and no amount of a rule.
"""
