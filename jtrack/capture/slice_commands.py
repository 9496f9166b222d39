"""What a magic or a shell line does to a program: files that it makes, names and process settings that it sets.

Nothing else of it can be seen from its text.
"""

from __future__ import annotations

import re

from jtrack.capture.slice_source import Statement, StatementKind
from jtrack.capture.slice_values import Effects, Value, file_key

_FILE = re.compile(r"[\w./~:%?=&-]*[\w-]\.[A-Za-z]\w{0,7}\b")
_SETTINGS = {"cd", "env", "set_env"}
_INSTALLS = re.compile(r"(python3? -m |uv )?(pip3?|conda|mamba) (-\S+ )*install\b")


def command_effects(statement: Statement) -> Effects:
    """Read a command: it makes the files that it names, and sets the names that its output goes to."""
    effects = Effects(certain=set(statement.names), binds={name: [Value()] for name in statement.names})
    word = statement.command.partition(" ")[0]
    if statement.kind is StatementKind.MAGIC and word in _SETTINGS:
        effects.sets_state = True
    if statement.kind is StatementKind.MAGIC and word == "run":
        effects.imports_all = True
    if statement.kind is StatementKind.SHELL or word == "writefile":
        head = statement.command if statement.kind is StatementKind.SHELL else statement.command.partition("\n")[0]
        if not is_install(statement):
            effects.files_written = {file_key(found) for found in _FILE.findall(head)}
    return effects


def is_install(statement: Statement) -> bool:
    """Say whether a command installs packages."""
    return bool(_INSTALLS.match(statement.command.strip()))
