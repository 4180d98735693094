"""Launch, watch, steer and record training sweeps from a terminal."""
