"""What the line of ``%%sweep`` says, parsed into a value; pure.

``name=uniform(0, 1)`` is searched, ``name=3`` is set alike for all trials. ``SWEEP_OPTIONS`` is the one place that
knows the options: the parser, Tab and the help all read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jtrack.errors import HeaderError, InvalidSpaceError
from jtrack.magics.options import HeaderReader, Option
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


def parse_sweep_header(line: str) -> SweepHeader:
    """Parse a whole line, the magic's own name included.

    Raises
    ------
    HeaderError
        The line says something that can't be meant, or too little; where it can, the message has a caret.
    """
    reader = _Reader(line, split_tokens(line, len("%%sweep")), SWEEP_OPTIONS, "name=uniform(0, 1)")
    reader.read()
    said = reader.said
    if ("minimize" in said) == ("maximize" in said):
        raise HeaderError("%%sweep goes by one metric", "--minimize loss, or --maximize accuracy")
    if "max_evals" not in said:
        raise HeaderError("%%sweep needs to know how many trials", "--max-evals 50")
    if not reader.space:
        raise HeaderError("there is nothing to search in the header", "lr=loguniform(log(1e-4), log(1e-1))")
    return SweepHeader(space=reader.space, fixed=reader.fixed, **said)


class _Reader(HeaderReader):
    """Knows what is particular of ``%%sweep``: numbers, and settings that are searched."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.space: dict[str, Any] = {}
        self.fixed: dict[str, Any] = {}

    def take_value(self, option: Option, value: Token) -> None:
        convert = _NUMBERS.get(option.flag)
        if convert is None:
            super().take_value(option, value)
            return
        text = parse_text(self.line, value)
        try:
            self.said[option.field_name] = convert(text)
        except ValueError:
            kind = "a whole number" if convert is int else "a number"
            raise header_fault(self.line, value.start, f"{option.flag} takes {kind}, not {text!r}") from None

    def take_setting(self, name: str, value: Token) -> None:
        if not is_distribution(value.text):
            self.fixed[name] = parse_value(self.line, value)
            return
        try:
            self.space[name] = parse_distribution(name, value.text)
        except InvalidSpaceError as error:
            raise header_fault(self.line, value.start, error.message, error.hint) from None
