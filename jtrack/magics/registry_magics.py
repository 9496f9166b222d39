"""``%register``, ``%promote`` and ``%models``: the registry's commands, and fitted objects by their variable's name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class

from jtrack.commands.command import Command, HelpAsked, Parser
from jtrack.commands.models import PROMOTE, REGISTER, check_registration
from jtrack.errors import HeaderError, InvalidInputError
from jtrack.magics.panel_magics import split_words
from jtrack.magics.variables import log_variable

if TYPE_CHECKING:
    import argparse

    from IPython.core.interactiveshell import InteractiveShell


@magics_class
class RegistryMagics(Magics):
    """The magics of the registry."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._shell = shell

    @line_magic
    def register(self, line: str) -> None:
        """Register a model as the next version of a name.

        ::

            %register MODEL_OR_RUN NAME [--alias A] [--tag k=v] [--description TEXT] [--example NAME]

        MODEL_OR_RUN is one of

          clf                     a fitted object in a variable: it is logged into the active run, else into that of the
                                  cell that made it, and then registered. ``--example X_test`` takes the first rows of
                                  that variable as the model's input example, and its signature from them
          @last, @best(metrics.accuracy), a run's name or id
                                  the model that the run logged
          runs:/RUN/PATH          where the run logged several
          models:/NAME@ALIAS, a folder, a URL

        ``--alias`` puts an alias on the new version at once.
        """
        asked = self._read(REGISTER, line, example="a variable whose first rows are the model's input example")
        if asked is None:
            return
        given = vars(asked)
        example = given.pop("example", None)
        name = given["model"]
        check_registration(given["name"], given["alias"], given["tags"])
        if name.isidentifier() and name in self._shell.user_ns:
            given["model"] = log_variable(self._shell, name, example)
        elif example is not None:
            raise InvalidInputError(f"--example goes with a variable, and {name!r} is none")
        self._do(REGISTER, given)

    @line_magic
    def promote(self, line: str) -> None:
        """Put an alias on a version of a model, or move it to a stage.

        ::

            %promote NAME VERSION --alias A
            %promote NAME VERSION --stage S [--archive-existing]

        VERSION is a number, ``latest``, a stage, or ``@alias``. An alias leaves the version that it stood on. Stages
        are None, Staging, Production and Archived; ``--archive-existing`` moves those that stand there to Archived.
        """
        asked = self._read(PROMOTE, line)
        if asked is not None:
            self._do(PROMOTE, vars(asked))

    @line_magic
    def models(self, line: str) -> Any:
        """Show the registered models, or the versions of one side by side.

        ::

            %models [NAME]

        Aliases and stages are moved, and models of runs registered, by a click. ``panel = %models NAME`` keeps the
        panel, and ``panel.frame`` is the data behind it.
        """
        from jtrack.widgets.models.panel import models

        words = split_words(line)
        if len(words) > 1:
            raise HeaderError(f"%models shows one model, not {len(words)}", "names with blanks need quotes")
        return models(words[0] if words else None)

    def _read(self, command: Command, line: str, **more: str) -> argparse.Namespace | None:
        parser = Parser(prog=f"%{command.name}", description=command.description)
        command.add_arguments(parser)
        for option, text in more.items():
            parser.add_argument(f"--{option}", metavar="NAME", help=text)
        try:
            return parser.parse_args(split_words(line))
        except HelpAsked as asked:
            sys.stdout.write(asked.text)
            return None

    def _do(self, command: Command, given: dict[str, Any]) -> None:
        sys.stdout.write(f"{command.function(**given).as_text()}\n")
