"""What a command is, and the parser that raises instead of ending the process, so that it works in a kernel too."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from jtrack.errors import InvalidInputError


class Result(Protocol):
    """What a command found or did."""

    @property
    def is_good(self) -> bool:
        """Whether the command line ends with 0 rather than 1."""

    def as_text(self) -> str:
        """Lines for a person."""

    def as_json(self) -> Any:
        """Lists, dictionaries, text and numbers for a program."""


class HelpAsked(Exception):
    """``--help`` or ``--version`` was among the words."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Parser(argparse.ArgumentParser):
    """Raises ``InvalidInputError`` and ``HelpAsked`` where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInputError(message, f"{self.prog} --help")

    def print_help(self, file: Any = None) -> None:
        raise HelpAsked(self.format_help())


class Answer(argparse.Action):
    """An option that ends the reading with a text."""

    def __init__(self, option_strings: Sequence[str], dest: str, text: str, help: str) -> None:  # noqa: A002 - argparse gives it by this name
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)
        self.text = text

    def __call__(self, *_: Any) -> NoReturn:
        raise HelpAsked(self.text)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its function, and what its parser takes.

    ``add_arguments`` names each argument as the function does. The function's docstring is the command's help. A name
    of two words is a command of a group: ``models list``.
    """

    name: str
    function: Callable[..., Result]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    has_json: bool = True

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """The function's docstring up to its sections."""
        return (inspect.getdoc(self.function) or "").partition("\n\nParameters\n")[0]

    def add_to(self, commands: Any) -> None:
        """Add the command's parser to those of a program, or of its group."""
        parser = commands.add_parser(
            self.name.rpartition(" ")[2],
            help=self.summary.rstrip("."),
            description=self.description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            conflict_handler="resolve",  # -h is MLflow's --host where there is one; --help stays
        )
        parser.set_defaults(does=self)
        self.add_arguments(parser)
        if self.has_json:
            parser.add_argument("--json", action="store_true", help="print JSON, for programs")
