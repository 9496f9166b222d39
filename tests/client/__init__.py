"""Tests of the client class."""
