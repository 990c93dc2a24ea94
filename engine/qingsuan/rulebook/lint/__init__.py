"""What a colleague would ask about (``qingsuan policy lint``): not wrong, so that loading does not refuse it, but seldom meant.

``oddity.py`` is one such thing and what explains it; ``numbers.py`` looks at single settings, ``levels.py`` across levels of hospital,
``layers.py`` at layers in their place, ``files.py`` at sources, dates and cases; ``asking.py`` asks them all.
"""
