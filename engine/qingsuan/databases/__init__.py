"""Finished runs in a database: the folder of a run goes in, a table for each of its tables comes out, whole or not at all.

``postgresql`` writes them, one transaction for each; ``tables`` says which files of a run folder make one table. It knows no settlement.
"""
