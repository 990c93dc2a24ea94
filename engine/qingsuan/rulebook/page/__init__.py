"""The rule book of a region as one HTML file: no network, prints on A4, Chinese first; from the parameter files and nothing else.

``book.py`` puts it together, ``sections.py`` makes the parts of one rule set, ``timeline.py`` the picture of versions, ``html.py`` has the
look of it and the few elements that all of them use.
"""
