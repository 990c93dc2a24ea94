"""Money that moved, line by line, as a bureau writes it down: receipts of a subsidy, advances, what was given back.

In comes a small CSV table. Out goes every line as it came, with its day and amount, or with why it is refused: a line alone
(``model.py``), a voucher that comes twice and a refund that takes back too much (``vouchers.py``). ``reading.py`` reads tables whose
lines say of what kind they are, ``tables.py`` lays lines out. It knows nothing of what the money is for.
"""
