"""What a run calls things and says of them, in one language: names of funds, schemes and tables, and the sentences of its record.

In comes a code or an English sentence that a record or a rejected row has, out goes what a person reads. ``names.py`` has the names,
``reasons.py`` why rows are rejected, ``rejected.py``, ``warnings.py`` and ``equalities.py`` the sentences. This room reads no file.
"""
