"""Having the system keep a worker running: a unit of systemd on Linux, a native service on Windows."""
