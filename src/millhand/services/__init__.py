"""Ready services: each works for the producers of an existing system, by its names, messages and files."""
