"""What a year would come to by changed rules, beside the rules in force: ``qingsuan simulate`` and ``qingsuan.simulate``.

In comes a prepared year, and what is changed: numbers of rule sets by their paths, a parameter file, a folder of them, the values
of a sweep, or what a seek wants. Out go tables of the effects, a workbook, a record, and the changed files as a working folder.
The year is read and ordered once: everybody whom a change can touch is settled by the rules in force and, at the same door of
the core, by each changed rule set; nobody else is settled again. Nothing here knows how a command line looks; how a
page does stands in ``qingsuan.pages``.
"""
