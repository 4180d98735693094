"""Kaggle from the terminal: data, datasets, kernels, submissions and their scores.

`client` is where to begin: typed calls, answered by a process of its own (`helper`) that alone knows Kaggle's client.
"""
