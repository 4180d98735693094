"""One module for each screen, each with its rules of style beside it."""
