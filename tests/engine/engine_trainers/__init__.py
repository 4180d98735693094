"""Trainers that only tests of the engine use, addressed by their dotted names."""
