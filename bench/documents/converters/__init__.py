"""The ways to convert a document that are measured, one a file."""
