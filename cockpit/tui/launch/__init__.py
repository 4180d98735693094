"""A search that is being changed before its start: its texts, what they mean, and the command that starts it."""
