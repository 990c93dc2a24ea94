"""The close of a year (年终清算): all settlements of one year in one folder, and what must add up between them.

A case file comes in, which names inputs, plugins and options of every settlement; they run in their order, each in a sub-folder of its
own, each reading what earlier ones wrote. Out go these folders, one record over them with the identities of the year, both numbers of
each, and, of a correction, what differs from the year that it supersedes. This room settles nothing and reckons no rule: it goes
through the front door like any other program, and reads the totals that the settlements wrote.
"""
