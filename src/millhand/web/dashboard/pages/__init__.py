"""The pages: one module for each, with what it shows and the actions of its forms."""
