"""Conditions: what they say, and a condition with alternatives written out."""
