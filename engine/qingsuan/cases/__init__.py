"""Case files: a small year written down with what must come out of it, read, settled and compared.

``casefile.py`` reads one, ``outcome.py`` compares what came out with what is expected, ``settling.py`` finds and settles the cases that
stand beside the parameters of a region. :mod:`qingsuan.testing` hands the first two to plugin authors.
"""
