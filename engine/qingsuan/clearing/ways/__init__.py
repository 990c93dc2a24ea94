"""Which way pays which care (支付方式): a region's dated table, and contracts held against it.

In come the parameter files of regions and a bureau's contracts. Out go the contracts, those of another way than a document orders
with the reason, and what the record says of the rules that were used. It knows no amount and no claim.
"""
