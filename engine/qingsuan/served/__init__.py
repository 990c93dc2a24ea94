"""Pages to look around in: finished runs and closed years, served to a browser of this machine, read-only.

In come the folders of finished runs, prepared years and a port; out go pages: which runs there are, what each comes to, its
institutions, a person's year and a settlement explained, one number of the rules simulated. Everything that a page shows comes
through the doors that commands and programs use. This room knows no file's form and no rule, writes nothing into a folder that it was
given, and no request can name a file to it: runs are asked for by number, people and settlements by their ids.

``runs.py`` has the runs by number; ``door.py`` judges a request before anything is looked up for it, ``visit.py`` is one that was let
in, ``overview.py``, ``institutions.py``, ``explaining.py`` and ``simulating.py`` answer it, ``frame.py`` puts the way around above every
page, ``application.py`` is all of it as WSGI has it, and ``server.py`` listens (waitress).
"""
