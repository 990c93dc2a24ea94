"""Rows as they come: settled claims are checked and added up by contract and month; those that go by cases stay, each by itself.

Out go internal rows whose key is pool and scheme. The room knows which claims belong to which contract, and no amount of a contract.
"""
