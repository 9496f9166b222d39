"""What a page can do to a run: steer it while it trains, leave a note, delete, restore, tag, rename and describe it.

All of it goes through the store's folder, as events and messages, so that neither the kernel nor a widget is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jtrack import queries
from jtrack.entities import Run, RunStatus
from jtrack.errors import InvalidInputError, RunStateError
from jtrack.server.question import Question
from jtrack.store import Store
from jtrack.tracking.edits import describe_run, remove_run, rename_run, return_run, tag_run
from jtrack.tracking.live import add_note, ask_to_stop, turn_knob
from jtrack.values import check_text, parse_param

_KNOBS = """
SELECT DISTINCT ON (detail ->> 'name') detail ->> 'name' AS name, detail -> 'value' AS value_json
FROM events WHERE subject = ? AND kind = 'knob_turned' ORDER BY name, "at" DESC
"""


def act(asked: Question) -> dict[str, Any]:
    """Do what the address names, ``<run_id>/<action>``, to a run given by its full id.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    RunStateError
        It is over, and can be neither stopped nor steered.
    InvalidInputError
        There is no such action, or what it needs is missing from the body.
    """
    run_id, action = asked.path
    if action not in ACTIONS:
        raise InvalidInputError(f"nothing called {action!r} can be done to a run", f"one of {', '.join(ACTIONS)}")
    run = queries.get_run(run_id)
    if run.info.run_id != run_id:  # a prefix may fit another run by the time it is deleted
        raise InvalidInputError(f"a run is changed by its full id, not by {run_id!r}", run.info.run_id)
    ACTIONS[action](asked, run)
    return {"run_id": run_id, "did": action}


def _stop(asked: Question, run: Run) -> None:
    _check_running(run)
    ask_to_stop(asked.store, run.info.run_id)


def _knob(asked: Question, run: Run) -> None:
    _check_running(run)
    name, value = asked.said("name", str), asked.said("value", (bool, int, float, str))
    turn_knob(asked.store, run.info.run_id, name, check_knob(asked.store, run.info.run_id, name, value))


def _note(asked: Question, run: Run) -> None:
    add_note(asked.store, run.info.run_id, _said_text(asked, "text"))


def _delete(asked: Question, run: Run) -> None:
    remove_run(asked.store, run.info.run_id)


def _restore(asked: Question, run: Run) -> None:
    return_run(asked.store, run.info.run_id)


def _tag(asked: Question, run: Run) -> None:
    tag_run(asked.store, run.info.run_id, asked.said("key", str), asked.said("value", (str, type(None))))


def _rename(asked: Question, run: Run) -> None:
    rename_run(asked.store, run.info.run_id, asked.said("run_name", str))


def _describe(asked: Question, run: Run) -> None:
    describe_run(asked.store, run.info.run_id, asked.said("description", str))


ACTIONS: dict[str, Callable[[Question, Run], None]] = {
    "stop": _stop,
    "knob": _knob,
    "note": _note,
    "delete": _delete,
    "restore": _restore,
    "tag": _tag,
    "rename": _rename,
    "describe": _describe,
}


def check_knob(store: Store, run_id: str, name: str, value: Any) -> Any:
    """Return ``value`` as the knob takes it: a whole number becomes a float where the knob holds one.

    Raises
    ------
    InvalidInputError
        The run offers no such knob, or one that holds another kind of value.
    """
    knobs = {row["name"]: parse_param(row["value_json"]) for row in store.catalog.rows(_KNOBS, [run_id])}
    if name not in knobs:
        raise InvalidInputError(f"the run has no knob {name!r}", f"it has: {', '.join(knobs) or 'none'}")
    known = knobs[name]
    if isinstance(known, float) and type(value) is int:
        return float(value)
    if type(value) is not type(known):
        raise InvalidInputError(f"knob {name!r} holds {type(known).__name__}, and can't become {value!r:.80}")
    return value


def _check_running(run: Run) -> None:
    if run.info.status is not RunStatus.RUNNING:
        raise RunStateError(f"run {run.info.run_name!r} is over: {run.info.status.value}")


def _said_text(asked: Question, name: str) -> str:
    text = check_text("run", name, asked.said(name, str)).strip()
    if not text:
        raise InvalidInputError(f"{name!r} is empty")
    return text
