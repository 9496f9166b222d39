"""The notebook's own functions and classes inside a model, and how they become importable.

A pickle names a class by its module. What a notebook defines is in ``__main__``, which is another module wherever the
pickle is opened. So each such function and class gets a home in the package, and for as long as the model is
written it says that it lives there. The pickling machinery itself is asked which ones a model has.
"""

from __future__ import annotations

import ast
import io
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

from jtrack.capture.slice_source import Statement, StatementKind
from jtrack.errors import ExportError
from jtrack.registry.export.modules import is_own_module
from jtrack.registry.export.session import Session

_NOTEBOOK = "__main__"


@dataclass(frozen=True)
class OwnCode:
    """Functions and classes that a model has from the notebook and from modules beside it."""

    named: dict[str, Any] = field(default_factory=dict)
    """Defined in the notebook, by their names."""
    lambdas: dict[str, tuple[Any, Statement, ast.Lambda]] = field(default_factory=dict)
    """Functions without a name, by the name that they get: the function, where it stands, its source."""
    elsewhere: tuple[Any, ...] = ()
    """Of modules beside the notebook."""

    @property
    def is_empty(self) -> bool:
        """Whether the model is made of installed packages alone."""
        return not (self.named or self.lambdas or self.elsewhere)


def find_own_code(session: Session, name: str, model: Any, *, must_pickle: bool) -> OwnCode:
    """Find the user's own functions and classes in a model.

    Raises
    ------
    ExportError
        Something in it can't go anywhere: the message names it and its cell.
    """
    finder = _Finder(_Nowhere())
    try:
        finder.dump(model)
    except Exception as error:
        if must_pickle:
            place, culprit = _culprit(model, name)
            raise ExportError(
                f"{place} can't leave the notebook: {_first_line(error)}{_in(session.cell_of(name))}",
                f"keep the {type(culprit).__name__} out of the model: make it when it is needed",
            ) from error
    own = OwnCode()
    elsewhere = []
    for found in finder.found:
        if found.__module__.partition(".")[0] != _NOTEBOOK:
            elsewhere.append(found)
        elif found.__qualname__.rpartition(".")[2] == "<lambda>" and "<locals>" not in found.__qualname__:
            statement, node = _lambda_source(session, found)
            own.lambdas[f"lambda_{len(own.lambdas) + 1}"] = (found, statement, node)
        else:
            own.named[_checked_name(session, found)] = found
    return OwnCode(own.named, own.lambdas, tuple(elsewhere))


@contextmanager
def at_home(own: OwnCode, package: str, helpers: str) -> Iterator[None]:
    """Let the notebook's code say, inside the block, that it lives in a package.

    Parameters
    ----------
    helpers
        The full name of the module for what the notebook defines.
    """
    before: list[tuple[Any, str, str, str]] = []
    modules = {package: _module(package), helpers: _module(helpers)}
    moves = [(thing, name, helpers) for name, thing in own.named.items()]
    moves += [(thing, name, helpers) for name, (thing, _, _) in own.lambdas.items()]
    for thing in own.elsewhere:
        home = f"{package}.{thing.__module__}"
        modules[home] = sys.modules[thing.__module__]
        moves.append((thing, thing.__name__, home))
    hidden = {name: sys.modules.get(name) for name in modules}
    try:
        sys.modules.update(modules)
        for thing, name, home in moves:
            before.append((thing, thing.__module__, thing.__qualname__, thing.__name__))
            if home == helpers:
                setattr(modules[helpers], name, thing)
                thing.__qualname__ = thing.__name__ = name
            thing.__module__ = home
        yield
    finally:
        for thing, home, qualname, name in reversed(before):
            thing.__module__, thing.__qualname__, thing.__name__ = home, qualname, name
        for name, module in hidden.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


class _Nowhere(io.RawIOBase):
    def write(self, data: Any) -> int:
        return len(data)


class _Finder(pickle.Pickler):
    """Notes the user's own functions and classes where a pickle would name them."""

    def __init__(self, file: Any) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.found: list[Any] = []

    def persistent_id(self, obj: Any) -> str | None:
        if not isinstance(obj, type | FunctionType):
            return None
        module = getattr(obj, "__module__", None) or ""
        root = module.partition(".")[0]
        if root != _NOTEBOOK and not (root in sys.modules and _is_own(root)):
            return None
        if all(obj is not one for one in self.found):
            self.found.append(obj)
        return "own"


def _is_own(root: str) -> bool:
    return is_own_module(root) and getattr(sys.modules[root], "__file__", None) is not None


def _checked_name(session: Session, thing: Any) -> str:
    """Give the name under which the notebook has a function or class."""
    name = str(thing.__name__)
    if "<locals>" in thing.__qualname__:
        outer = thing.__qualname__.partition(".")[0]
        raise ExportError(
            f"the model uses {thing.__qualname__.replace('.<locals>', '')}, which is made inside {outer}(): "
            f"nothing outside can name it{_in(session.cell_of(outer))}",
            f"define {name if name != '<lambda>' else 'it'} at a cell's top level",
        )
    if session.namespace.get(name) is not thing:
        raise ExportError(
            f"the model was made with an earlier {name} than the notebook has now{_in(session.cell_of(name))}",
            "run the cells that make the model again",
        )
    return name


def _lambda_source(session: Session, function: FunctionType) -> tuple[Statement, ast.Lambda]:
    wanted = _shape(function.__code__)
    for statement in reversed(session.flow.statements):
        if statement.kind is not StatementKind.PYTHON or statement.node is None:
            continue
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Lambda) and _shape(_compiled(node)) == wanted:
                return statement, node
    raise ExportError(
        "the model uses a lambda whose source is in no cell of this session",
        "define it as a function, and run the cells that make the model again",
    )


def _compiled(node: ast.Lambda) -> CodeType:
    code = compile(ast.fix_missing_locations(ast.Expression(node)), "<lambda>", "eval")
    return next(constant for constant in code.co_consts if isinstance(constant, CodeType))


def _shape(code: CodeType) -> tuple[Any, ...]:
    inner = [_shape(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return (code.co_code, code.co_names, code.co_varnames, tuple(inner))


def _culprit(thing: Any, place: str, depth: int = 0) -> tuple[str, Any]:
    """Follow an object that can't be pickled to the part of it that can't."""
    if depth < 6:
        for label, part in _parts(thing):
            try:
                pickle.dumps(part)
            except Exception:
                if not isinstance(part, type | FunctionType):
                    return _culprit(part, f"{place}{label}", depth + 1)
    return place, thing


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, dict):
        yield from ((f"[{key!r}]", value) for key, value in thing.items())
    elif isinstance(thing, list | tuple):
        yield from ((f"[{index}]", value) for index, value in enumerate(thing))
    else:
        yield from ((f".{key}", value) for key, value in getattr(thing, "__dict__", {}).items())


def _module(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = []
    return module


def _in(cell: str) -> str:
    return f" ({cell})" if cell else ""


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
