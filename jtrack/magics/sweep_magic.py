"""``%%sweep``: the cell below it, run once per trial with the names of its header set."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand

from jtrack import queries, tracking
from jtrack.capture.late import CellNote
from jtrack.capture.source import cell_identity
from jtrack.errors import HeaderError
from jtrack.magics.recording import NOTEBOOK_WAIT_S, cell_traceback
from jtrack.magics.sweep_cell import SweptCell
from jtrack.magics.sweep_header import SweepHeader, parse_sweep_header
from jtrack.magics.sweep_progress import NotebookProgress
from jtrack.magics.tracker import check_main_shell
from jtrack.magics.trial_output import trial_output
from jtrack.tracking.experiments import get_or_create_experiment

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jtrack.magics.cells import RunningCell
    from jtrack.magics.tracker import CellTracker
    from jtrack.sweeps import SweepResult
    from jtrack.sweeps.progress import Maker
    from jtrack.sweeps.trial import Outcome
    from jtrack.tracking import ActiveRun
    from jtrack.widgets.landscape.result import ShownSweepResult

_LAST_SWEEP = """
SELECT r.run_id, e.name AS experiment_name
FROM runs r JOIN cells c USING (run_id) JOIN experiments e USING (experiment_id)
WHERE r.kind = 'sweep' AND r.lifecycle_stage = 'active' AND c.role = 'tracked' AND c.cell_id = ?
ORDER BY r.started_at DESC LIMIT 1
"""

_LAST_NAMED = """
SELECT r.run_id, e.name AS experiment_name FROM runs r JOIN experiments e USING (experiment_id)
WHERE r.kind = 'sweep' AND r.lifecycle_stage = 'active' AND r.run_name = ? ORDER BY r.started_at DESC LIMIT 1
"""


@magics_class
class SweepMagics(Magics):
    """The magic that searches."""

    def __init__(self, shell: InteractiveShell, tracker: CellTracker) -> None:
        super().__init__(shell)
        self.tracker = tracker
        self.shows: Maker = partial(NotebookProgress, tracker.desk)

    @no_var_expand  # IPython would make text of all {…}, in the first line only, and leave it as it is where one fails
    @cell_magic
    def sweep(self, line: str, cell: str) -> ShownSweepResult:
        """Run the cell once per trial, with names set by a search, each trial a run of its own.

        ::

            %%sweep [EXPERIMENT] --max-evals N --minimize M / --maximize M [--seed S] [--parallel N] [--resume]
                    name=uniform(0,1) name=choice('a','b') name=3 ...

        Each trial runs in a copy of the notebook's namespace, so no name of the notebook's changes. The metric M is
        the number that the cell leaves in the name M, or what it logs under it (``jtrack.log_metric``).

          EXPERIMENT         the experiment to record into; a new name makes a new one
          name=DISTRIBUTION  search the name: uniform(low, high), quniform(low, high, q), loguniform, qloguniform,
                             normal(mu, sigma), qnormal, lognormal, qlognormal, uniformint(low, high),
                             randint(low, high), choice(a, b, ...), pchoice((p, a), (q, b), ...). Arguments are those
                             of hyperopt's hp, so the log ones take logarithms: loguniform(log(1e-4), log(1e-1)).
                             An option may be a dict with distributions in it
          name=value         set the name alike for all trials; name={other} takes the value that other has in the
                             notebook, and {other} may stand in distributions and options too: uniform(0, {high})
          --max-evals N      how many trials
          --minimize M       the metric that is to become small
          --maximize M       the metric that is to become large
          --seed S           the same seed gives the same trials in the same order
          --parallel N       how many trials at once, in threads
          --resume           take up the last sweep of this cell, or with --name N that of this name: nothing that
                             ended runs again
          --algo A           tpe, random, anneal, atpe or grid; else tpe
          --timeout S        begin no trial after so many seconds
          --max-failures N   end the sweep when more trials fail; else it goes on, unless the first ten all fail
          --early-stop RULE  median or halving: trials that look at ``jtrack.active_run().should_stop`` end early
          --name N           name of the sweep's run; with --resume, of the one to take up
          --quiet            show no bar and no panel

        A long first line goes on in the next one after a backslash at its end. What a trial prints is kept with its
        run (stdout.txt, stderr.txt), and what it displays is not shown. The first trial that fails is shown, and the
        sweep goes on. Interrupting the cell ends the sweep; what was finished stays, and ``--resume`` goes on from
        there. The cell's value is the result: ``_.best_params``, ``_.trials`` as a data frame, ``_.show()``,
        ``_.slices()`` and ``_.contour()`` of what it learned.

        Examples
        --------
        ::

            %%sweep digits --max-evals 40 --maximize accuracy lr=loguniform(log(1e-4), log(1)) depth=randint(2, 9)
            model = GradientBoostingClassifier(learning_rate=lr, max_depth=depth).fit(X, y)
            accuracy = model.score(X_test, y_test)
        """
        check_main_shell()
        above, body = _cut_header(line, cell)
        shell = self.tracker.shell
        said = " ".join(part.removesuffix("\\").strip() for part in above)
        header = parse_sweep_header(said, shell.user_ns)
        running = self.tracker.cell_of(f"%%sweep {line}\n{cell}".removesuffix("\n"), body)
        number = running.execution_count or shell.execution_count
        swept = SweptCell(self.tracker.desk, shell, header, above, body, number)
        return _Conduct(self.tracker, header, swept, running, cell_identity(running.cell_id, body)).go()


class _Conduct:
    """One ``%%sweep``: the sweep's run with its cell, and what is shown of it as it goes."""

    def __init__(
        self, tracker: CellTracker, header: SweepHeader, swept: SweptCell, cell: RunningCell, identity: str
    ) -> None:
        self._tracker, self._header, self._swept = tracker, header, swept
        self._cell, self._identity = cell, identity
        self._note: CellNote | None = None
        self._is_quiet = header.quiet or tracker.desk.settings.quiet
        self._has_shown_error = False

    def go(self) -> ShownSweepResult:
        """Run the sweep, show what it learned, and give its result."""
        from jtrack.widgets.landscape.result import shown

        result = shown(self._conduct())
        if not self._is_quiet and result.store.folder.journal.is_dir():
            self._tracker.desk.attempt("show what mattered", partial(_show_learned, result))
        return result

    def _conduct(self) -> SweepResult:
        from jtrack.sweeps.record import Opening
        from jtrack.sweeps.sweep import Wishes, conduct
        from jtrack.sweeps.trial import Hooks

        header = self._header
        wishes = Wishes(
            max_evals=header.max_evals,
            minimize=header.minimize,
            maximize=header.maximize,
            algo=header.algo,
            parallelism=header.parallel,
            timeout=header.timeout,
            seed=header.seed,
            resume=self._earlier() if header.resume else None,
            early_stop=header.early_stop,
            max_failures=header.max_failures,
            progress=False if self._is_quiet else None,
            fixed=header.fixed,
            hooks=Hooks(explain=partial(cell_traceback, self._tracker.shell)),
            on_start=self._start,
            on_trial=self._see,
        )
        source_type = "LOCAL" if self._cell.origin.connection_file is None else "NOTEBOOK"
        opening = Opening(header.name, self._experiment_id(), source_type)
        try:
            with trial_output():
                return conduct(self._swept, header.space, wishes, opening)
        finally:
            if self._note is not None:
                self._tracker.desk.attempt("record the cell's source", partial(self._note.settle, NOTEBOOK_WAIT_S))

    def _start(self, run: ActiveRun) -> None:
        desk, cell = self._tracker.desk, self._cell
        self._note = desk.note_origin(run, cell, self._identity, program=self._swept.program)

    def _see(self, outcome: Outcome) -> None:
        if outcome.exception is not None and not self._has_shown_error:
            self._has_shown_error = True
            self._tracker.desk.attempt("show a trial's error", partial(self._show_error, outcome))

    def _show_error(self, outcome: Outcome) -> None:
        error = outcome.exception
        assert error is not None
        shell = self._tracker.shell
        lines = shell.InteractiveTB.structured_traceback(type(error), error, self._swept.traceback_of(error))
        sys.stderr.write(f"trial {outcome.tid} failed, the first to do so:\n{shell.InteractiveTB.stb2text(lines)}\n")

    def _earlier(self) -> str:
        name = self._header.name
        found = queries.rows(*((_LAST_NAMED, [name]) if name else (_LAST_SWEEP, [self._identity])))
        if not found:
            which = f"called {name!r}" if name else "of this cell"
            raise HeaderError(f"there is no sweep {which} to take up", "drop --resume to begin one")
        if self._header.experiment not in (None, found[0]["experiment_name"]):
            raise HeaderError(
                f"the sweep to take up is in experiment {found[0]['experiment_name']!r}", "drop the other"
            )
        return str(found[0]["run_id"])

    def _experiment_id(self) -> str | None:
        if self._header.experiment is None:
            return None
        return get_or_create_experiment(tracking.current_store(), self._header.experiment).experiment_id


def _show_learned(result: ShownSweepResult) -> None:
    """Show which params mattered in one line that opens; a sweep too short to tell shows nothing."""
    from IPython.display import display

    from jtrack.widgets.landscape.panel import landscape

    learned = landscape(result, is_folded=True)
    if learned.frame.shares:
        display(learned)  # type: ignore[no-untyped-call]


def _cut_header(line: str, cell: str) -> tuple[list[str], str]:
    """Cut off the lines of a header that goes on in the next ones; gives them, and the body below."""
    above, body = [f"%%sweep {line}".rstrip()], cell
    while above[-1].endswith("\\") and body:
        following, _, body = body.partition("\n")
        above.append(following.rstrip())
    return above, body
