"""What millhand shows over HTTP."""
