"""The magics that show: ``%runs``, ``%compare``, ``%parallel``, ``%live``, ``%jtrack``; skins over functions."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from jtrack.commands.compare import is_filter
from jtrack.errors import HeaderError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_BEST = re.compile(r"(?<![\w'\"/])@best\([^)]*\)")


@magics_class
class PanelMagics(Magics):
    """The magics that show."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)

    @line_cell_magic
    def runs(self, line: str, cell: str | None = None) -> Any:
        """Show runs as a table, or ask the store in SQL.

        ::

            %runs [FILTER]

        shows the runs that fit the filter, all without one: ``%runs metrics.accuracy > 0.9 and params.depth = 4``.
        ``table = %runs`` keeps the table, and ``table.frame`` is the data behind it.

        ::

            %%runs
            SELECT run_name, value FROM runs JOIN latest_metrics USING (run_id) WHERE key = 'accuracy'

        asks any SELECT over the views experiments, runs, params, metrics, latest_metrics, tags, cells, inputs,
        artifacts, environments, registered_models, model_versions, aliases and events; the answer is a data frame.
        """
        if cell is not None:
            from jtrack.queries import sql

            return sql(cell).df()
        from jtrack.widgets.runs.panel import runs

        return runs(line.strip())

    @line_magic
    def compare(self, line: str) -> Any:
        """Compare runs: what differs between them, and their curves.

        ::

            %compare RUN RUN ...
            %compare FILTER

        A run is a full id, a prefix of it or a name that fits one run, or ``@last``; names with blanks need quotes.
        Without anything, the runs that a bare ``%runs`` shows.
        """
        from jtrack.widgets.compare.panel import compare

        return compare(run_selection(line))

    @line_magic
    def parallel(self, line: str) -> Any:
        """Show runs as lines over their params and metrics.

        ::

            %parallel [RUN]
            %parallel RUN RUN ...
            %parallel FILTER

        The children of a run, such as a sweep's trials; without one, of the newest run that has children. A run is a
        full id, a prefix of it or a name that fits one run, or ``@last``; names with blanks need quotes.
        ``panel = %parallel`` keeps the panel, and ``panel.frame`` is the data behind it.
        """
        from jtrack.widgets.parallel.panel import parallel

        selection = run_selection(line)
        return parallel(selection or None)

    @line_magic
    def live(self, line: str) -> Any:
        """Show a run while it trains: curves, progress, the machine's use, and buttons that work meanwhile.

        ::

            %live [RUN]

        Without a run: the one that is active, else the newest that runs, and then each that begins in this kernel. Put
        it in a cell of its own, above the cell that trains. ``%config JTrack.live = False`` keeps running cells from
        showing themselves.
        """
        from jtrack.widgets.live.panel import live

        words = split_words(line)
        if len(words) > 1:
            raise HeaderError(f"%live shows one run, not {len(words)}", "names with blanks need quotes")
        return live(words[0] if words else None)

    @line_magic
    def jtrack(self, line: str) -> Any:
        """Do a command of the command line in the kernel.

        ::

            %jtrack COMMAND ...

        ``%jtrack --help`` lists the commands, and ``%jtrack COMMAND --help`` says what one takes. With ``--json``
        the answer is a Python value: ``found = %jtrack runs --json``.
        """
        from jtrack.commands import call, parse_command
        from jtrack.commands.command import HelpAsked

        try:
            asked = parse_command(split_words(line) or ["--help"], "%jtrack")
        except HelpAsked as help_asked:
            sys.stdout.write(help_asked.text)
            return None
        result = call(asked)
        if getattr(asked, "json", False):
            return result.as_json()
        sys.stdout.write(f"{result.as_text().rstrip()}\n")
        return None


def run_selection(line: str) -> str | list[str]:
    """Tell a filter from addresses of runs: a filter compares something."""
    text = line.strip()
    if not text or is_filter(text):
        return text
    return split_words(text)


def split_words(line: str) -> list[str]:
    """Cut a magic's line into words, as a shell does; ``@best(metrics.acc DESC)`` stays one word.

    Raises
    ------
    HeaderError
        A quote is not closed.
    """
    try:
        return shlex.split(_BEST.sub(lambda found: shlex.quote(found[0]), line))
    except ValueError as error:
        raise HeaderError(f"{line.strip()!r} can't be cut into words: {error}") from None
