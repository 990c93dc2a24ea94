"""Groups: how a file says what they count and for how long, what can be said against them, and what becomes of a period that is over."""
