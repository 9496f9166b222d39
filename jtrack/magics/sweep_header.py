"""What the line of ``%%sweep`` says, parsed into a value; pure.

``name=uniform(0, 1)`` is searched, ``name=3`` is set alike for all trials, and ``{name}`` stands for a value of the
notebook's: in an option, for a setting, and inside a distribution. ``SWEEP_OPTIONS`` is the one place that
knows the options: the parser, Tab and the help all read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from jtrack.capture.namespace import number_of
from jtrack.errors import HeaderError, InvalidSpaceError
from jtrack.magics.options import HeaderReader, Option
from jtrack.magics.references import fill_in, is_reference, look_up
from jtrack.magics.tokens import Token, header_fault, parse_text, parse_value, split_tokens
from jtrack.sweeps.shorthand import is_distribution, parse_distribution

SWEEP_OPTIONS = (
    Option("--max-evals", "N", "how many trials"),
    Option("--minimize", "M", "the metric that is to become small"),
    Option("--maximize", "M", "the metric that is to become large"),
    Option("--seed", "S", "the same seed gives the same trials"),
    Option("--parallel", "N", "how many trials at once, in threads"),
    Option("--resume", "", "take up the last sweep of this cell, or that of --name"),
    Option("--algo", "A", "tpe, random, anneal, atpe or grid"),
    Option("--timeout", "S", "begin no trial after so many seconds"),
    Option("--max-failures", "N", "end the sweep when more trials fail"),
    Option("--early-stop", "RULE", "median or halving, for cells that look at run.should_stop"),
    Option("--name", "N", "name of the sweep's run"),
    Option("--quiet", "", "show no bar and no panel"),
)
_NUMBERS: dict[str, Callable[[str], Any]] = {
    "--max-evals": int,
    "--seed": int,
    "--parallel": int,
    "--timeout": float,
    "--max-failures": int,
}


@dataclass(frozen=True, slots=True)
class SweepHeader:
    """What to search, by what, and how."""

    max_evals: int
    minimize: str | None = None
    maximize: str | None = None
    experiment: str | None = None
    space: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    parallel: int = 1
    resume: bool = False
    algo: str = "tpe"
    timeout: float | None = None
    max_failures: int | None = None
    early_stop: str | None = None
    name: str | None = None
    quiet: bool = False

    @property
    def metric(self) -> str:
        """The metric by which trials are judged."""
        return self.minimize or self.maximize or ""


def parse_sweep_header(line: str, names: Mapping[str, Any] = MappingProxyType({})) -> SweepHeader:
    """Parse a whole line, the magic's own name included.

    Parameters
    ----------
    names
        The notebook's, for ``{name}`` in the line.

    Raises
    ------
    HeaderError
        The line says something that can't be meant, or too little; where it can, the message has a caret.
    """
    reader = _Reader(line, split_tokens(line, len("%%sweep")), SWEEP_OPTIONS, "name=uniform(0, 1)", names=names)
    reader.read()
    known = {**names, **reader.fixed}
    said: dict[str, Any] = {
        name: fill_in(text, known) if isinstance(text, str) else text for name, text in reader.said.items()
    }
    if ("minimize" in said) == ("maximize" in said):
        raise HeaderError("%%sweep goes by one metric", "--minimize loss, or --maximize accuracy")
    if "max_evals" not in said:
        raise HeaderError("%%sweep needs to know how many trials", "--max-evals 50")
    if not reader.space:
        raise HeaderError("there is nothing to search in the header", "lr=loguniform(log(1e-4), log(1e-1))")
    return SweepHeader(space=reader.space, fixed=reader.fixed, **said)


class _Reader(HeaderReader):
    """Knows what is particular of ``%%sweep``: numbers, and settings that are searched."""

    def __init__(self, *args: Any, names: Mapping[str, Any]) -> None:
        super().__init__(*args)
        self._names = names
        self.space: dict[str, Any] = {}
        self.fixed: dict[str, Any] = {}

    def take_value(self, option: Option, value: Token) -> None:
        convert = _NUMBERS.get(option.flag)
        if convert is None:
            super().take_value(option, value)
            return
        text = fill_in(parse_text(self.line, value), self._names)
        try:
            self.said[option.field_name] = convert(text)
        except ValueError:
            kind = "a whole number" if convert is int else "a number"
            raise header_fault(self.line, value.start, f"{option.flag} takes {kind}, not {text!r}") from None

    def take_setting(self, name: str, value: Token) -> None:
        if is_reference(value.text):
            self.fixed[name] = look_up(self.line, value, self._names)
            return
        text = fill_in(value.text, self._names, _literal)
        if not is_distribution(text):
            self.fixed[name] = parse_value(self.line, value)
            return
        try:
            self.space[name] = parse_distribution(name, text)
        except InvalidSpaceError as error:
            raise header_fault(self.line, value.start, error.message, error.hint) from None


def _literal(value: Any) -> str:
    """Write a value as it would be typed; a number of an array library's as a plain one."""
    number = number_of(value)
    return repr(value if number is None else number)
