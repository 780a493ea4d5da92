"""The machine that runs jobs: a dispatcher that leases and settles, and executors, its child processes."""
