"""The queue bench: jobs that do nothing, on millhand and on its peers, all driven in the same way."""
