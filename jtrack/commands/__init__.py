"""The user's commands, each a typed function with a parser; the command line and ``%jtrack`` are thin skins over them.

A command returns a ``Result``: its text for people, its JSON for programs, and whether it is good news. Nothing here
prints, so that each skin shows it in its own way.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Sequence
from typing import Any

from jtrack._version import __version__
from jtrack.commands.command import Answer, Command, HelpAsked, Parser, Result
from jtrack.commands.compact import COMPACT
from jtrack.commands.compare import COMPARE
from jtrack.commands.demo import DEMO
from jtrack.commands.doctor import DOCTOR
from jtrack.commands.export import EXPORT
from jtrack.commands.image import BUILD_DOCKER, GENERATE_DOCKERFILE
from jtrack.commands.models import MODELS_LIST, PROMOTE, REGISTER
from jtrack.commands.predict import MODELS_PREDICT
from jtrack.commands.runs import RUNS
from jtrack.commands.serve import MODELS_PS, MODELS_SERVE, MODELS_STOP
from jtrack.commands.ui import UI

__all__ = [
    "COMMANDS",
    "GROUPS",
    "Command",
    "HelpAsked",
    "Parser",
    "Result",
    "build_parser",
    "parse_command",
    "run_command",
]

COMMANDS: tuple[Command, ...] = (
    DEMO,
    UI,
    RUNS,
    COMPARE,
    REGISTER,
    PROMOTE,
    MODELS_LIST,
    MODELS_SERVE,
    MODELS_PS,
    MODELS_STOP,
    MODELS_PREDICT,
    GENERATE_DOCKERFILE,
    BUILD_DOCKER,
    EXPORT,
    COMPACT,
    DOCTOR,
)

# What the first word of a command of two says.
GROUPS = {"models": "Registered models: what there is, and serving it."}


def build_parser(program: str = "jtrack") -> Parser:
    """Make the parser of all commands; ``program`` is what help texts call it, ``%jtrack`` in a notebook."""
    parser = Parser(prog=program, description="Experiment tracking that lives in the notebook.")
    parser.add_argument("--version", action=Answer, text=f"{__version__}\n", help="print the version and end")
    added = parser.add_subparsers(metavar="COMMAND", required=True, dest="command", title="commands")
    groups: dict[str, Any] = {}
    for command in COMMANDS:
        group = command.name.rpartition(" ")[0]
        if group and group not in groups:
            inner = added.add_parser(group, help=GROUPS[group].rstrip("."), description=GROUPS[group])
            groups[group] = inner.add_subparsers(metavar="COMMAND", required=True, dest="subcommand", title="commands")
        command.add_to(groups[group] if group else added)
    return parser


def parse_command(words: Sequence[str], program: str = "jtrack") -> argparse.Namespace:
    """Read a command's words.

    Raises
    ------
    InvalidInputError
        They are no command, or not one that is known; the hint gives its usage.
    """
    return build_parser(program).parse_args(words)


def run_command(words: Sequence[str], program: str = "%jtrack") -> Result:
    """Read a command's words and do it.

    Raises
    ------
    InvalidInputError
        The words are not understood.
    JTrackError
        What the command's function raises.
    HelpAsked
        ``--help`` or ``--version`` was among the words; it carries the text.
    """
    return call(parse_command(words, program))


def call(asked: argparse.Namespace) -> Result:
    """Do what was read, with the names of the parser's arguments as the names of the function's."""
    command: Command = asked.does
    taken = inspect.signature(command.function).parameters
    return command.function(**{name: value for name, value in vars(asked).items() if name in taken})
