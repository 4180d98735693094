"""The diary: one Markdown entry per experiment, written between markers in a file that belongs to the user."""
