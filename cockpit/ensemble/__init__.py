"""Several experiments as one: members and their predictions, ways to merge them, thresholds, and the record of it."""
