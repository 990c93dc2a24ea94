"""Where the stages of a run take place: threads of this process, or many processes that exchange pieces (Spark)."""
