"""Rules of personal accounts (个人账户): what a file of a plugin can say, its strict reader, and the rules of one year as numbers.

In comes a region with its folder; out go plain values by pool and month. The room knows no row of any table.
"""
