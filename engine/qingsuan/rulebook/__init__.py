"""The rules as a person reads them: shown as tables, compared, questioned, printed; from parameter files and nothing else.

``which.py`` finds the rule sets that somebody asks for, ``phrases.py`` and ``words.py`` say one value in words, ``statements.py`` takes
a rule set apart into single statements, each with its place and its source.
"""
