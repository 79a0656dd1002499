"""What runs, shown while it runs: one hub a process, and the sockets and streams it feeds."""
