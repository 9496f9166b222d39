"""The wheel's build hook: hatch-jupyter-builder's, with Node told to trust the certificates that the system trusts.

Behind a proxy that inspects TLS, git and pip find its certificate in the system's store; Node by itself looks into its
own list only, and a plain `pip install .` would end in "self-signed certificate in certificate chain".
"""

from __future__ import annotations

import os

from hatch_jupyter_builder import npm_builder


def build_front_end(target_name: str, version: str, **options: str) -> None:
    """Install the packages of labextension/ as locked and build it, unless what was built is newer than its source."""
    os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")
    npm_builder(target_name, version, **options)
