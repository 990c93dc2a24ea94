"""The rule book of a region as one HTML file: no network, prints on A4, in one language; from the parameter files and nothing else.

``book.py`` puts it together, ``sections.py`` says what stands in the part of one rule set, ``timeline.py`` draws the versions, and
``templates/`` lays it out; the look is that of ``qingsuan.pages``.
"""
