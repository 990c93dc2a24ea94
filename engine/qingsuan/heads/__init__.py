"""Who is insured in a year, and where each person counts as one head, and who is tied to whom: what settlements share.

In come insured rows as they were read, the places and schemes that rules name (:mod:`qingsuan.heads.places`), and a bureau's
small CSV files. Out go rows that count, one place per person (decision 0011), duplicates, and the reasons of all others. It
knows no settlement.
"""
