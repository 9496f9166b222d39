"""The Jupyter server extension: answers from the store itself, whether the kernel is busy, dead or was never there.

``<base_url>jtrack`` is a page with the panels, for where there is no JupyterLab (``jtrack ui`` serves it alone). All
other routes lie below ``<base_url>jtrack/api/``. Jupyter authenticates (token, cookie, Hub), checks XSRF on POST (send
``X-XSRFToken``, as ``ServerConnection.makeRequest`` does) and authorizes (resource ``contents``, action ``read`` or
``write``).

Which store: every route takes ``notebook_path`` (as Jupyter names it: relative to its root, ``/``, "RTC:" is fine) or
``store`` (a folder, relative too; one named ``.jtrack`` is taken as it is), in the query, or for POST in the body. It
is the store that a kernel there would use; with neither, that of the root. See ``places.find_place``.

JSON: times are ISO 8601 in UTC; NaN and infinities of metrics are the texts "NaN", "Infinity", "-Infinity"; a param's
``value_json`` is its typed form (``0.1``, ``{"$float": "nan"}``, ``{"$tuple": [1, 2]}``), ``value`` its text.
An error is ``{"message", "hint", "position"}``, position being the offset in the filter, with status 400 (asked
wrongly), 403 (not allowed), 404 (not there), 409 (the run's state forbids it), 410 (panel forgotten: open it again),
416 (behind the file's end) or 500.

::

    GET  where              {store_path, exists, folder, notebook_path: absolute, as runs record it, or null}
    GET  runs               ?scope=notebook|folder|all  (default: notebook if one is named, else all; children of the
                            runs that are meant come along)  &filter=  &order_by= (may repeat)  &experiment= (name, may
                            repeat)  &view=active|deleted|all  &offset=0  &limit=50 (500 at most)
                            &cell_id= (the runs that this cell of the notebook made, nested ones left out)
                            &metric= (may repeat: only these, in this order; else the 12 that matter most)
                            → {scope, n_runs, offset, runs: [ListedRun]}            runs_listing.ListedRun
    GET  runs.csv           the same search as a file: attributes, metrics.*, params.*, tags.*; no paging
    GET  runs.parquet
    GET  runs/<run>         the page of a run as its panel shows it first; <run>: id, prefix, name, @last
                            → RunFrame (widgets/run_page/frame.py); what it cuts it counts, and panel ``run`` reads on
    GET  runs/<run>/metrics/<key>   ?max_points=2000 → {step, value, logged_at_ms}
    GET  runs/<run>/cell    the cell that made it, or the run that it is nested in: {run_id, run_name, cell_id,
                            notebook_path: as Jupyter names it now, null if it is not below the root; recorded_path}
    POST runs/<run_id>/<action>     the full id; → {run_id, did}
                            stop {} · knob {name, value} · note {text} · delete {} · restore {}
                            · tag {key, value: text or null} · rename {run_name} · describe {description}
    GET  cells              ?notebook_path=  → [{cell_id, n_runs, run_id, run_name, status, started_at, duration_s,
                            execution_count, source_sha256, metric: {key, value, previous, direction, is_better}}]
                            one a tracked cell, with its newest run
    POST panels/<name>      name: runs, scoped_runs, compare, parallel, live, models, run, card (panel_models.MODELS);
                            scoped_runs is the table of what GET runs lists: {scope, filter_string, order_by, group_by,
                            cell_id}
                            open:  {params: {…}, request?}                   → {reply, panel_id, result: frame}
                            ask:   {panel_id, method, params: {…}, request?} → {reply, panel_id, result}
                            look:  {panel_id, request?}                      → {reply, panel_id, result: frame now}
                            methods that change a run (panel_models.WRITING_METHODS) need ``write``;
                            an error in a panel is status 200 and {reply, panel_id, error} in place of result
    GET  artifacts/<run>/<path>     a file; Range, HEAD and If-None-Match are honoured. Types by content; all else is
                            an attachment. Content-Security-Policy: sandbox, so that HTML and SVG run no script.
                            In an address of its own (a new tab) add ?_xsrf=, as for Jupyter's own files.
    GET  changes            ?since=TOKEN&timeout=25 → {token, changed}. Without since: the token now. With it: answers
                            when something was logged (within 100 to 200 ms) or a writer died, else when time is up.
                            Ask again at once with the new token: never more than ten answers a second.
"""

from __future__ import annotations

from typing import Any


def _load_jupyter_server_extension(server: Any) -> None:
    from jtrack.server.extension import load

    load(server)
