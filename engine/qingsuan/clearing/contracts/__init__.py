"""Contracts (医保服务协议) and what they rest on: terms in a TOML file, small CSV tables of the bureau, their strict readers.

In comes a folder, out go plain values. A contract that lacks what its way of payment needs stays, with what it lacks; a file
that cannot be trusted stops the run. The room knows no claim and no case.
"""
