"""Logs, notes and records of other tools become experiments: one module for each format, behind one contract."""
