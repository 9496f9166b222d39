"""Parallel coordinates of a sweep."""
