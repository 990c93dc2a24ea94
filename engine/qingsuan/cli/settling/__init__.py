"""The commands that settle, or prepare what will be settled: each reads its options, calls the front door and shows what came out.

They share how progress is told and how a signal stops them. They know nothing of what lies below :mod:`qingsuan.api`.
"""
