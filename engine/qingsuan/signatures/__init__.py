"""Signatures of finished folders: who holds a bureau's key says that this is the folder it stands for, and anybody can check it.

A finished run or a closed year comes in, with the private key; a file ``SIGNATURE`` beside ``run.json`` goes out. With the public key
it is checked. Ed25519 is done by the library ``cryptography`` (the extra ``signing``). It knows nothing of settlements, and does
not look at rows: whoever signs checks the folder first.
"""
