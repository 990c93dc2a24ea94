"""Settlement 5: the fund's books (基金账), per fund and pool with a county's sub-ledger, on a cash basis.

In come a bureau's entries, the balances that books open with, claims that a run settled, and sums that other finished runs state. Out
go the accepted entries, a statement line by line with what is due beside what was received or paid, closing balances, and totals. It
settles no claim and counts no head: it knows the tables that runs write, and not the settlements that made them.
"""
