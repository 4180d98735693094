"""Readers of data sets and what stands between a file and a batch."""
