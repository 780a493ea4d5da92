"""The child's side: the process that runs handlers, one attempt after another, and reports over a pipe."""
