"""The version, in its one place: the wheel, the command line and the JupyterLab extension take it from here."""

from __future__ import annotations

__version__ = "0.1.0"
