"""Documents: office files in, PDF out, with everything that is checked before and after."""
