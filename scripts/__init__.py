"""Programs that keep the project: setting up, checking, and writing what is generated."""
