"""What a bureau has agreed with others, through the front door: contracts with operators of critical illness insurance.

One module for each settlement; in come a finished settlement of claims and the bureau's files, out goes a finished run.
"""
