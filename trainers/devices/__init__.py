"""Where tensors live. One file per kind of hardware; `select` picks one. Nothing here loads torch on import."""
