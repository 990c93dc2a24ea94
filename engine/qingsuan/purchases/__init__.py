"""Central procurement (集中带量采购): what of saved purchase money institutions keep (结余留用), and advances for agreed quantities.

In come purchases, agreed quantities, a bureau's batches, prices and scores, and money that moved. Out go agreed and bought quantities
by batch, item and institution, what was saved and what of it is kept by scheme, and each advance's ledger month by month. An
institution is whole in one partition. It knows no claim and no rule of benefits.
"""
