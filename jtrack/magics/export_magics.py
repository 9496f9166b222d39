"""``%export`` and ``%code``: a model out of this notebook, and the program that made a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class

from jtrack.commands.command import HelpAsked, Parser
from jtrack.commands.export import add_options
from jtrack.errors import HeaderError
from jtrack.magics.panel_magics import split_words

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class ProgramText(str):
    """A program as text, which a notebook shows as code."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_markdown_(self) -> str:
        fence = "```" if "```" not in self else "~~~~"
        return f"{fence}python\n{self}{fence}"


@magics_class
class ExportMagics(Magics):
    """The magics that take something out of the notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)

    @line_magic
    def export(self, line: str) -> Any:
        """Package a model of this notebook so that it runs without it, and prove that it does.

        ::

            %export MODEL [-o FOLDER] [--format dir|zip|wheel] [--name NAME] [--example EXPR] [--no-prove]

        MODEL is a variable, or the address of a stored model (``models:/churn@champion``). Of the cells executed so
        far it takes the least set that makes the model, as ``train.py``; functions and classes that the model has
        from this notebook become a module of the package. Then it installs the package in a fresh environment, predicts
        a few rows there, and asks its server: what differs is an error, and nothing is left behind.

        Where ipyflow watched the cells (``%load_ext ipyflow`` before them), what it saw leaves out still more of them.

        ``made = %export clf`` keeps the result; ``made.path`` is where it is.
        """
        try:
            asked = _parser().parse_args(split_words(line))
        except HelpAsked as help_asked:
            sys.stdout.write(help_asked.text)
            return None
        return self._export(asked)

    def _export(self, asked: Any) -> Any:
        from jtrack.registry.export import export, export_session
        from jtrack.registry.export.session import session_of_shell

        options = {"name": asked.name, "prove": asked.prove, "progress": _say}
        if not asked.model.isidentifier():
            return export(asked.model, None, asked.dst, asked.form, **options)
        session = session_of_shell(self.shell, notebook_path=self._notebook_path())
        return export_session(session, asked.model, Path(asked.dst), asked.form, example=asked.example, **options)

    @line_magic
    def code(self, line: str) -> Any:
        """Show the least program that made a run, from the cells that made it.

        ::

            %code [RUN]

        RUN is a full id, a prefix of it or a name that fits one run, or ``@last``, as without one.
        ``program = %code RUN`` keeps the text.
        """
        from jtrack.registry.export.run_code import code

        words = split_words(line)
        if len(words) > 1:
            raise HeaderError(f"%code shows one run's program, not {len(words)}", "names with blanks need quotes")
        return ProgramText(code(words[0] if words else "@last"))

    def _notebook_path(self) -> Path | None:
        from jtrack.capture.notebook import CellOrigin, NotebookFinder
        from jtrack.magics.cells import connection_file

        shell = self.shell
        if shell is None or shell.history_manager is None:
            return None
        source = shell.history_manager.input_hist_raw[-1]
        meta = dict(shell.get_parent().get("metadata") or {}) if hasattr(shell, "get_parent") else {}
        origin = CellOrigin(source, meta.get("cellId"), meta, shell.user_ns, connection_file(shell))
        return NotebookFinder().find(origin)


def _parser() -> Parser:
    parser = Parser(prog="%export", description="Package a model of this notebook.")
    parser.add_argument("model", metavar="MODEL", help="a variable, or the address of a stored model")
    add_options(parser)
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
