"""The page of a simulation: what changed rules would have come to, as one HTML file with pictures.

In come the record and the tables of a simulation, out goes a page in Chinese or in English: ``page.py`` fills in its template,
``pictures.py`` draws effects by fund and by group, and the curve of a sweep. Nothing here is added up that the tables have not.
"""
