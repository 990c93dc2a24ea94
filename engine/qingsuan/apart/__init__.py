"""What runs in the process of a plugin's own: its code is imported there, its hook called, its functions asked.

The engine's process only sends orders and reads answers (:mod:`qingsuan.apart.messages`); whoever answers is not trusted.
"""
