"""People whose own burden of a year exceeds a monitoring line (因病返贫致贫监测), and who of them becomes a candidate for assistance.

In come settled claims person by person, identities, and a bureau's lines; out go rows about people, for their owner's eyes alone. No
line has a default, and nobody is given an identity: candidates are a list that a bureau decides on.
"""
