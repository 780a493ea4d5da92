"""The vocabulary of millhand: jobs, states, outcomes, errors and ports. Nothing here does any I/O."""
