"""Critical illness insurance as a contract (大病保险承办合同): what a pool's fund pays an operator, and what goes back.

In come what the funds paid for the claims of a finished settlement, a bureau's contracts, heads and table of money that moved, and what an
earlier year carries on. Out goes one row per contract with every term: the premium per head and how it was set, claims, costs, surplus or
overrun by bands and whose it is, advances, what is still to be paid. It knows no claim by itself and no rule of benefits.
"""
