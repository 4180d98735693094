"""What can be wrong with a score that looks good: pure functions over records, and over what a second look found."""
