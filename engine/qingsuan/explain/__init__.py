"""Why this number: what a finished settlement of benefits came to, step by step, from the slow twin's own trace.

What comes in is a run folder, the installed rules, and the rows of one person from the prepared year that the run names. What goes out
is a document (``document/``, its JSON Schema by ``schema.py``), held against the row in the run folder. This is the one room that may ask
the slow twin; nothing here calculates an amount, and no run, no check and no made-up year may know of it.
"""
