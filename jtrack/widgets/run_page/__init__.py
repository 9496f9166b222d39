"""Everything that one run has."""
