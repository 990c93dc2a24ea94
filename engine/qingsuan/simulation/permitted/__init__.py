"""From a gap to permitted changes (待遇清单): which numbers of a pool's rules its authority lets it change, and what each alone comes to.

In come an opened year and what is lacking by pool and fund; out goes a row for each number that the list lets the pool set: the value at
which it closes the gap alone, or what it comes to at its bound. Nothing here decides which change is made: people do.
"""
