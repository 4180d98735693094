"""Measurements: every figure is a ratio against a peer or a bare operation of the same run, or an absolute target."""
