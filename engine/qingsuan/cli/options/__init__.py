"""Options that several commands take, and what their values must be; no command is imported here."""
