"""Tests of jtrack.sweeps."""
