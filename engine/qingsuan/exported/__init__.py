"""The tables of a finished run for others, with pseudonyms in the place of people's numbers.

A finished run and a key come in; a folder of its tables goes out, in which no id stands, and one record of what was left out. It knows
the names of columns, and no settlement.
"""
