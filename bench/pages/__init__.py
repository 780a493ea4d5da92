"""How quickly, and with how much memory, a web page becomes a picture of print size."""
