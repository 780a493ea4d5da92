"""One adapter for each queue. Only the process that drives that queue imports it."""
