"""Special payers (特殊支付方): claims that are cleared apart, one by one, and who bears what of them and of any standard.

In come internal rows of claims whose terms have special payers, and settled contracts. Out go a row for each claim, part and
payer, and a row for each contract, part and payer. It knows nothing of other ways of payment.
"""
