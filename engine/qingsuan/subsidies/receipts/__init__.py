"""What has arrived of a subsidy (财政补助资金到位情况), up to a day: receipts and budgets held against what each payer owes.

In come a bureau's tables and what is due by county; out go every receipt with what became of it, and for each payer and place what is
due, received, outstanding and beyond. It counts no heads and splits nothing.
"""
