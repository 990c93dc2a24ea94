"""What is changed: read from a command line, found by its path, and made a working copy of parameter files in memory.

In come texts such as ``220100/390:inpatient.caps=250000``, files and folders; out go rule sets that were read, compiled and held against
what their region authorises. Nothing here knows a year, a claim or an amount that was paid.
"""
