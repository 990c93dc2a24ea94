"""Where the rows of an explanation come from: one person's, and nobody else's.

What comes in is a run folder, a prepared year and what is installed; what goes out are the rows of one person as they came, as the
slow twin takes them, and as the run folder has them. This room refuses what does not belong together: another year, other plugins,
several runs. It knows nothing of what is paid.
"""
