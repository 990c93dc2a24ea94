"""How a stopped run goes on: what it was a run of, what it finished, and whether both still are what they were."""
