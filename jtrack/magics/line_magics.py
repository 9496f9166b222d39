"""``%track`` and ``%%track`` as IPython sees them: their documentation, and what they do where they are called.

A cell that begins with ``%%track`` never gets to the cell magic: its first line is taken off before. The magic is
there for ``%lsmagic``, for ``%%track?``, and for the places the transformer leaves alone, such as below ``%%time``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class

from jtrack.errors import HeaderError
from jtrack.magics.afterwards import show_help, track_body, track_last
from jtrack.magics.header import Header, parse_header
from jtrack.magics.tokens import header_fault, split_tokens

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jtrack.magics.completion import MagicCompleter
    from jtrack.magics.tracker import CellTracker

_FORMS = "%track --last, %track on or %track off; %%track on a cell's first line records the cell"


@magics_class
class TrackMagics(Magics):
    """The magics that record."""

    def __init__(self, shell: InteractiveShell, tracker: CellTracker, completer: MagicCompleter) -> None:
        super().__init__(shell)
        self.tracker = tracker
        self.completer = completer

    @line_cell_magic
    def track(self, line: str, cell: str | None = None) -> Any:
        """Record a cell as a run.

        ::

            %%track [EXPERIMENT] [name=value ...] [--name N] [--params a,b] [--metrics a,b]
                    [--tag k=v] [--note TEXT] [--quiet] [--help]

        on a cell's first line records the cell: its source, what it set, logged and printed, and what it ran on. The
        cell runs as it would without it. When it ends, a card shows the run against the last run of the same cell.

          EXPERIMENT     the experiment to record into; a new name makes a new one
          name=value     set the name before the cell runs, and record it as a param. The value is a Python literal
                         (0.1, 10**-3, [1, 2], 'a b'); a plain word needs no quotes. {best_lr} is the value of a name
                         of the notebook; {config.lr} and {config['lr']} work too, and {…} in the texts of the
                         options below as well. A cell that sets the name to a literal of its own doesn't run: the
                         run would say one value and have used the other
          --name N       name of the run; else one is drawn
          --params a,b   take exactly these names as params. Else: the names that the cell sets, once and at its top
                         level, to a literal (not None or an empty list, dict or text; not a name that it sets again,
                         nor a list or dict that it changes)
          --metrics a,b  take exactly these names as metrics. Else: the numbers that the cell newly worked out into
                         names (not booleans, params, loop variables, clock readings, or names with a leading _)
          --tag k=v      a tag of the run; may be given again
          --note TEXT    description of the run, in quotes
          --quiet        show no card
          --help         show this, and run nothing

        What the cell logs itself (``jtrack.log_metric`` …) goes into its run, and goes before what is taken from
        names. A long first line goes on in the next one after a backslash at its end. ``%%time``, ``%%capture`` and
        other cell magics go below ``%%track``.

        A run that an earlier cell left open stays open, and the cell's run becomes its child. Runs that the cell
        itself starts and doesn't end, end with it. An error marks the run FAILED, an interrupt KILLED.

        ::

            %track --last [EXPERIMENT] [name=value ...] [options as above]
            %track on [EXPERIMENT] [options as above]
            %track off

        ``--last`` records the cell that ran before, after the fact; here name=value is a param and sets nothing.
        ``on`` records from now on every cell that trains: one that calls fit, train, backward, log_metric or another of
        ``%config JTrack.training_calls``, and doesn't start a run itself. ``off`` ends that.

        Examples
        --------
        ::

            %%track churn lr=0.05 depth=4 --tag stage=draft
            model = GradientBoostingClassifier(learning_rate=lr, max_depth=depth).fit(X, y)
            accuracy = model.score(X_test, y_test)
        """
        if cell is not None:
            return track_body(self.tracker, line, cell)
        return self._track_line(f"%track {line}")

    def _track_line(self, line: str) -> Any:
        words = split_tokens(line, len("%track"))
        command = words[0].text if words else ""
        if command == "--help":
            return show_help(self.tracker.shell)
        if command not in {"--last", "on", "off"}:
            position = words[0].start if words else len(line.rstrip())
            raise header_fault(line, position, "%track needs a word for what to do", _FORMS)
        rest = f"%track {' ' * len(command)}{line[words[0].end :]}"  # the same width, so that carets stand right
        header = parse_header(rest, self.tracker.shell.user_ns)
        if header.help:
            return show_help(self.tracker.shell)
        if command == "--last":
            return track_last(self.tracker, header)
        self._switch(command, header)
        return None

    def _switch(self, command: str, header: Header) -> None:
        if command == "off" and header != Header():
            raise HeaderError("%track off takes no more words")
        if header.values:
            raise HeaderError("%track on sets no names", "write name=value behind a cell's %%track")
        self.tracker.auto = header if command == "on" else None
