"""For tests of programs that use millhand, and of parts that plug into it."""
