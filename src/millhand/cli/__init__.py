"""The command line: `millhand` and its commands."""
