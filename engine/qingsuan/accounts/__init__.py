"""Settlement 3 (个人账户): employees' accounts month by month: what comes in, who may pay what from them, what is left.

In come insured rows, months of contribution, uses, relations of families, opening balances, and the claims of a finished
settlement of benefits. Out go a ledger by account and month, every use with what was paid or why it was refused, the
balances that the next year opens with, and totals. The room knows rules only as :mod:`.rule` says them, files and
partitions not at all, and no other settlement: of claims it reads the columns of their table.
"""
