"""A model out of its notebook: resolve what is meant, plan (pure), write, prove in a fresh environment, keep or remove.

``session`` is what a kernel knows, ``plan`` what will be written, ``write`` and ``prove`` do it, ``deliver`` puts it in
its place. ``parts`` are files of the package itself.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError
from jtrack.registry.export.deliver import ExportResult

if TYPE_CHECKING:
    from jtrack.registry.export.plan import Plan
    from jtrack.registry.export.session import Session

__all__ = ["ExportResult", "code", "export", "export_session"]

Progress = Callable[[str], None]


def export(
    source: Any,
    model: str | None = None,
    dst: str | Path = ".",
    format: str = "dir",  # noqa: A002 - as in shutil.make_archive
    *,
    name: str | None = None,
    example: str | None = None,
    prove: bool = True,
    progress: Progress | None = None,
) -> ExportResult:
    """Package a model so that it runs without its notebook, and prove that it does.

    Parameters
    ----------
    source
        A notebook's file, which is run in a fresh kernel; a model in this notebook, or its variable's name; or the
        address of a stored one: ``runs:/…``, ``models:/…``, a folder.
    model
        The variable that holds the model, where ``source`` is a notebook.
    dst
        The folder that the package is put into.
    format
        ``"dir"``, ``"zip"`` or ``"wheel"``.
    name
        Of the package; by default after the notebook, or the registered model.
    example
        An expression for the data to try it with, such as ``"X_test"``; by default what the model was trained on.
    prove
        Install it in a fresh environment, predict the example there and ask its server, before it is kept.
    progress
        Is given a line for each stage.

    Raises
    ------
    ExportError
        It can't be packaged, or is not the same outside; nothing is left behind.
    InvalidInputError, NotFoundError
        Something is asked for that isn't there, or is no model.
    """
    say = progress or (lambda line: None)
    path = Path(source) if isinstance(source, str | Path) else None
    if path is not None and path.suffix == ".ipynb":
        return _export_notebook(path, model, Path(dst), format, name, example, prove, say)
    if path is not None and _is_address(str(source)):
        return _export_stored(str(source), Path(dst), format, name, prove, say)
    session, variable = _here(source)
    return export_session(session, variable, Path(dst), format, name=name, example=example, prove=prove, progress=say)


def export_session(
    session: Session,
    variable: str,
    dst: Path,
    form: str = "dir",
    *,
    name: str | None = None,
    example: str | None = None,
    prove: bool = True,
    progress: Progress,
) -> ExportResult:
    """Package a variable of a notebook that has run; see :func:`export`."""
    from jtrack.registry.export.deliver import check_place
    from jtrack.registry.export.plan import checked_package, default_package, plan_export
    from jtrack.registry.export.stages import tell_plan

    check_place(dst, checked_package(name or default_package(session, variable)), form)
    plan = plan_export(session, variable, name, example)
    tell_plan(session, plan, progress)
    return _deliver(plan, dst, form, prove, progress)


def _deliver(plan: Plan, dst: Path, form: str, prove: bool, progress: Progress) -> ExportResult:
    from jtrack.registry.export.deliver import deliver
    from jtrack.registry.export.write import write_package

    return deliver(
        plan.package, lambda project: write_package(plan, project), dst, form, prove=prove, progress=progress
    )


def _export_notebook(
    path: Path,
    variable: str | None,
    dst: Path,
    form: str,
    name: str | None,
    example: str | None,
    prove: bool,
    progress: Progress,
) -> ExportResult:
    from jtrack.registry.export.deliver import check_place, deliver
    from jtrack.registry.export.notebook import read_notebook, write_from_notebook
    from jtrack.registry.export.plan import checked_package, default_package
    from jtrack.registry.export.session import Session

    read_notebook(path)
    if variable is None:
        raise InvalidInputError(f"which variable of {path.name} is the model?", f"jtrack export {path} --model clf")
    package = checked_package(name or default_package(Session((), {}, path.parent, path), variable))
    check_place(dst, package, form)
    return deliver(
        package,
        lambda project: write_from_notebook(path, variable, package, example, project, progress),
        dst,
        form,
        prove=prove,
        progress=progress,
    )


def _export_stored(uri: str, dst: Path, form: str, name: str | None, prove: bool, progress: Progress) -> ExportResult:
    from jtrack.registry.export.stored import plan_stored

    return _deliver(plan_stored(uri, name), dst, form, prove, progress)


def _is_address(text: str) -> bool:
    return text.startswith(("runs:", "models:")) or "://" in text or (Path(text) / "MLmodel").is_file()


def _here(source: Any) -> tuple[Session, str]:
    """Find the variable of this notebook that is meant."""
    from jtrack.registry.export.session import session_of_shell

    get_shell = getattr(builtins, "get_ipython", None)
    shell = get_shell() if get_shell is not None else None
    if shell is None:
        known = "a notebook.ipynb with model=…, runs:/…, models:/… or a folder with an MLmodel"
        raise InvalidInputError(f"{source!r:.80} is nothing that can be exported from here", known)
    session = session_of_shell(shell)
    if isinstance(source, str):
        return session, source
    names = [one for one, value in session.namespace.items() if value is source and not one.startswith("_")]
    if not names:
        raise InvalidInputError(f"no variable holds this {type(source).__name__}", "give it a name first: clf = …")
    return session, names[0]


def __getattr__(name: str) -> Any:
    if name == "code":
        from jtrack.registry.export.run_code import code

        return code
    raise AttributeError(name)
