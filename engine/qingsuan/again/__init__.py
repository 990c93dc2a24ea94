"""A finished run settled again, from its inputs or its prepared year, and compared with what it says it came to.

The folder of a run, places where its inputs lie, and a scratch folder come in; findings go out. What the run was asked is read
from its record and its ledger, its inputs are found by their digests: nothing that a folder says of itself is believed, it is
done again. It goes through the front door for programs, like any run, and knows no settlement but by the names of its arguments.
What a closed year corrects is said anew by the room that closes years.
"""
