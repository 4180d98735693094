"""Metrics over whole evaluations, one per file."""
