"""The front door for programs: tables in, tables out, errors as exceptions, nothing printed. The commands go through it, too.

What comes in is checked as a file is; a table is what :data:`qingsuan.run.inputs.Given` says. What goes out is an object over
a finished folder (:mod:`qingsuan.finished`, :mod:`qingsuan.prepared`). Functions may run side by side in threads of one process.
One module for each settlement and for what is done before it or after it; what they share is ``arguments``. This room knows
no command line and no terminal, and it decides nothing of how a row is settled.
"""
