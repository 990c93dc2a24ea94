"""What funds paid for the claims of a finished settlement (待遇结算), added up by what a later settlement asks for.

In come settled rows as a run wrote them, which must be trusted. Out go counts and sums in fen by their keys, small enough to be
spread, kept and added up again. It knows nothing of what they are needed for.
"""
