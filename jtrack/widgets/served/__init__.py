"""A server as a notebook shows it: where it is, and how it is asked."""
