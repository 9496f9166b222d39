"""Every error that jtrack raises, and nothing that a user's own code raises.

The class writes the message: what was asked, what is true instead, and a hint with what to type.
Each class is also the builtin that a caller would catch::

    JTrackError
    ├── InvalidInputError (ValueError)       a value, name or option that can't be taken
    │   ├── InvalidFilterError               a search text, with a caret under the place
    │   ├── ParamConflictError               a param that already has another value
    │   ├── HeaderError                      a magic's header line
    │   ├── InvalidSpaceError                a search space, or a name's part of one
    │   ├── InvalidModelError                a model's folder that can't be read or made
    │   ├── SignatureError                   data that a model's signature refuses, with every fault
    │   └── UnpicklableError                 an object that can't go to another process
    ├── NotFoundError (LookupError)          asked for by name or id, and not there
    │   ├── RunNotFoundError
    │   ├── ExperimentNotFoundError
    │   ├── MetricNotFoundError
    │   ├── ArtifactNotFoundError
    │   ├── VariableNotFoundError
    │   ├── ModelNotFoundError
    │   ├── RegisteredModelNotFoundError
    │   ├── VersionNotFoundError             a registered model has no such version, or none any more
    │   ├── AliasNotFoundError
    │   └── FlavorNotFoundError
    ├── UntrustedModelError (PermissionError) opening it could run code that came from elsewhere
    ├── RunStateError (RuntimeError)         a run is active, ended or deleted where it may not be
    ├── ExportError (RuntimeError)           a model that can't leave its notebook; nothing is left behind
    ├── SweepError (RuntimeError)            a sweep that can't go on; what was finished stays
    └── StoreError (OSError)                 the store's folder or files
        ├── StorePathError                   the path can't hold a store
        ├── StoreVersionError                written by a newer jtrack
        └── QueryError                       SQL that DuckDB refused

    SweepInterrupted (KeyboardInterrupt)     somebody interrupted a sweep: no error, but told like one
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping
from pathlib import Path


class JTrackError(Exception):
    """The root of the tree.

    Parameters
    ----------
    message
        One line: what was asked and what is true instead.
    hint
        What to type next; ``None`` where there is nothing better to say.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  hint: {self.hint}"

    def _render_traceback_(self) -> list[str]:
        # IPython asks the exception itself how to show it: two lines, where a traceback through
        # jtrack's own frames would tell the user nothing about their notebook.
        return f"{type(self).__name__}: {self}".splitlines()


class InvalidInputError(JTrackError, ValueError):
    """A value, name or option that can't be taken."""


class InvalidFilterError(InvalidInputError):
    """A search text that doesn't parse; ``position`` is the offset of the fault in ``text``."""

    def __init__(self, text: str, position: int, problem: str, hint: str | None = None) -> None:
        self.text, self.position, self.problem = text, position, problem
        start = text.rfind("\n", 0, position) + 1
        line = text[start:].split("\n", 1)[0]
        caret = " " * (position - start) + "^"
        super().__init__(f"{problem}\n    {line}\n    {caret}", hint)


class ParamConflictError(InvalidInputError):
    """A param is part of what a run is; it is logged once."""

    def __init__(self, key: str, old: object, new: object) -> None:
        super().__init__(
            f"param {key!r} is already {reprlib.repr(old)} in this run and can't become {reprlib.repr(new)}",
            "start another run, or log a value that changes with log_metric or set_tag",
        )


class HeaderError(InvalidInputError):
    """The first line of a cell magic."""


class InvalidSpaceError(InvalidInputError):
    """A search space, or a name's part of one."""


class InvalidModelError(InvalidInputError):
    """A model's folder that can't be read, or a model that can't be made into one."""


class SignatureError(InvalidInputError):
    """Data or params that a model's signature refuses; ``faults`` has every fault, a line each."""

    def __init__(self, faults: Iterable[str], hint: str | None = None) -> None:
        self.faults = list(faults)
        count = f"{len(self.faults)} faults" if len(self.faults) > 1 else "1 fault"
        super().__init__(f"the data don't fit the model's signature ({count}): {'; '.join(self.faults)}", hint)


class UnpicklableError(InvalidInputError):
    """An object that a worker process needs and can't be sent."""


class NotFoundError(JTrackError, LookupError):
    """Asked for by name or id, and not there."""

    noun = "item"

    def __init__(self, asked: object, near: Iterable[str] = (), hint: str | None = None) -> None:
        self.asked = asked
        super().__init__(f"no {self.noun} {str(asked)!r}", hint or _did_you_mean(str(asked), near))


class RunNotFoundError(NotFoundError):
    """No run has this id, prefix, name or address."""

    noun = "run"


class ExperimentNotFoundError(NotFoundError):
    """No experiment has this id or name."""

    noun = "experiment"


class MetricNotFoundError(NotFoundError):
    """The run has no such metric."""

    noun = "metric"


class ArtifactNotFoundError(NotFoundError):
    """The run has no artifact at this path."""

    noun = "artifact"


class ModelNotFoundError(NotFoundError):
    """There is no model at this address."""

    noun = "model"


class RegisteredModelNotFoundError(NotFoundError):
    """The registry has no model of this name."""

    noun = "registered model"


class VersionNotFoundError(NotFoundError):
    """A registered model has no such version, or not any more."""

    noun = "version"

    def __init__(self, name: str, asked: object, versions: Iterable[object] = (), *, was_deleted: bool = False) -> None:
        self.asked = asked
        known = ", ".join(str(version) for version in versions)
        has = f"it has: {known}" if known else f"it has none yet: jtrack.register_model('runs:/…', {name!r})"
        message = f"version {asked} of {name!r} was deleted" if was_deleted else f"{name!r} has no version {asked}"
        JTrackError.__init__(self, message, has)


class AliasNotFoundError(NotFoundError):
    """A registered model has no such alias."""

    noun = "alias"

    def __init__(self, name: str, asked: str, aliases: Mapping[str, int]) -> None:
        self.asked = asked
        close = difflib.get_close_matches(asked, aliases, n=3, cutoff=0.5)
        shown = [f"{alias!r} (version {aliases[alias]})" for alias in close or list(aliases)[:8]]
        hint = f"jtrack.set_registered_model_alias({name!r}, {asked!r}, VERSION) sets it"
        if shown:
            hint = f"did you mean {' or '.join(shown)}?" if close else f"there are: {', '.join(shown)}"
        JTrackError.__init__(self, f"{name!r} has no alias {asked!r}", hint)


class FlavorNotFoundError(NotFoundError):
    """Nothing here saves or loads models of this flavor."""

    noun = "flavor"


class UntrustedModelError(JTrackError, PermissionError):
    """Opening the model could run code, and it came from elsewhere.

    Parameters
    ----------
    model
        The address or folder, as it was asked for.
    reason
        What would run: ``"model.pkl is a pickle"``.
    """

    def __init__(self, model: object, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(
            f"{str(model)!r} is not from this store and could run code when opened: {reason}",
            "if you trust who made it, open it with trust=True",
        )


class MissingPackageError(JTrackError, ImportError):
    """A package that jtrack does without, and that this needs."""

    def __init__(self, package: str, what: str, instead: str | None = None) -> None:
        self.package = package
        super().__init__(
            f"{what} needs {package}, which is not installed",
            f"pip install {package}" + (f"; {instead}" if instead else ""),
        )


class VariableNotFoundError(NotFoundError):
    """The notebook has no variable of this name."""

    noun = "variable"


class RunStateError(JTrackError, RuntimeError):
    """A run is active, ended or deleted where it may not be."""


class ExportError(JTrackError, RuntimeError):
    """A model that can't leave its notebook, or that is not the same outside; nothing is left behind."""


class ServingError(JTrackError, RuntimeError):
    """A server that can't be started, or that doesn't answer."""


class SweepError(JTrackError, RuntimeError):
    """A sweep that can't go on; what was finished stays, and ``resume=`` takes it up."""


class SweepInterrupted(KeyboardInterrupt):
    """Somebody interrupted a sweep; what was finished stays, and it can be taken up again."""

    def __init__(self, run_name: str, n_done: int, max_evals: int) -> None:
        self.message = f"sweep {run_name!r} was interrupted after {n_done} of {max_evals} trials, which are kept"
        self.hint = f"taken up again, it goes on from there: --resume, or resume={run_name!r}"
        super().__init__(self.message)

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self.message}", f"  hint: {self.hint}"]


class StoreError(JTrackError, OSError):
    """The store's folder or files."""


class StorePathError(StoreError):
    """The path can't hold a store."""

    def __init__(self, path: Path, problem: str, hint: str | None = None) -> None:
        self.path = path
        super().__init__(f"{path} can't hold a store: {problem}", hint)


class StoreVersionError(StoreError):
    """The store was written by a newer jtrack; it is left as it is."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.found, self.known = found, known
        super().__init__(
            f"{path} has schema version {found}; this jtrack reads up to {known}",
            "pip install --upgrade jtrack",
        )


class QueryError(StoreError):
    """SQL that DuckDB refused, in its words."""


def _did_you_mean(asked: str, near: Iterable[str]) -> str | None:
    names = list(near)
    close = difflib.get_close_matches(asked, names, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(repr(name) for name in close) + "?"
    return "there are: " + ", ".join(names[:8]) if names else None
