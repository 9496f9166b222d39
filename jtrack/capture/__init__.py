"""What a cell did: its source, the names it set, its output, and what it ran on.

Each file holds one kind of fact. The pure ones take text or a namespace and return values; those that ask the
machine (git, packages, the Jupyter server) are slow, and ``late.py`` runs them beside the cell.
"""
