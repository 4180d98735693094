"""Making it happen: trials as processes, one supervisor for each, and two engines that decide when they run."""
