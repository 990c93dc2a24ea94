"""What a year closes with, as functions: the fund's books, which other runs of the year come into.

In come the bureau's tables and finished runs, out comes a finished run. It reads the tables of runs and settles none of them.
"""
