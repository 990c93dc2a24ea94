"""What a folder says of itself in more than one place: the record, the ledger, the digests and a signature, held against each other.

A finished folder and its record come in; findings go out. It knows nothing of rows.
"""
