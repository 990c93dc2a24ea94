"""What a bureau has agreed with others, through the front door: operators of critical illness, other pools, institutions.

One module for each settlement; in come a finished settlement of claims and the bureau's files, out goes a finished run.
"""
