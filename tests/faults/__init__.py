"""What happens to a sweep when things break: processes that are killed, files that are torn, disks that are full."""
