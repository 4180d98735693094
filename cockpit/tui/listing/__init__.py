"""Experiments and trials as rows of a table: which columns there are, what stands in them, what a filter finds."""
