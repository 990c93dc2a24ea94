"""The processes of plugins, seen from the engine: started with nothing of ours, asked within limits, ended with all they started.

What runs in them is :mod:`qingsuan.apart`.
"""
