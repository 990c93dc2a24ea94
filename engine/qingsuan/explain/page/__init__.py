"""The page of an explanation: one claim, or a person's year with a picture of it, fit to hand over a counter.

In comes a document (``qingsuan.explain.document``), out goes one HTML file in Chinese or in English. ``page.py`` fills in the
templates, ``events.py`` finds where deductibles, bands, limits and caps were reached, ``picture.py`` draws the year. Nothing here
works out an amount that somebody pays.
"""
