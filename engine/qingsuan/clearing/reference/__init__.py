"""The slow twin of clearing: the same calculation in plain Python, claim by claim, from the rules as they are written.

In come contracts as they were read, and rows as they came; out go the terms of each contract. It judges
:mod:`qingsuan.clearing.partition`, is never a fallback, and shares nothing of what works contracts out.
"""
