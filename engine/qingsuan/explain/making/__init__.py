"""The document of an explanation, made of what the slow twin did and noted, and held against the run folder.

What comes in are rows of a person, the twin's outcome and its traces; what goes out are the parts of the document. Nothing is
calculated here: every amount is one that the twin has written down.
"""
