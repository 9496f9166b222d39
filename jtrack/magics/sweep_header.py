"""What the line of ``%%sweep`` says, parsed into a value; pure.

``name=uniform(0, 1)`` is searched, ``name=3`` is set alike for all trials. ``SWEEP_OPTIONS`` is the one place that
knows the options: the parser, Tab and the help all read it.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jtrack.errors import HeaderError, InvalidSpaceError
from jtrack.magics.header import Option
from jtrack.magics.tokens import Token, header_fault, parse_text, parse_value, split_tokens
from jtrack.sweeps.shorthand import is_distribution, parse_distribution

_NAME = re.compile(r"[^\W\d]\w*")

SWEEP_OPTIONS = (
    Option("--max-evals", "N", "how many trials"),
    Option("--minimize", "M", "the metric that is to become small"),
    Option("--maximize", "M", "the metric that is to become large"),
    Option("--seed", "S", "the same seed gives the same trials"),
    Option("--parallel", "N", "how many trials at once, in threads"),
    Option("--resume", "", "take up the last sweep of this cell"),
    Option("--algo", "A", "tpe, random, anneal, atpe or grid"),
    Option("--timeout", "S", "begin no trial after so many seconds"),
    Option("--max-failures", "N", "end the sweep when more trials fail"),
    Option("--early-stop", "RULE", "median or halving, for cells that look at run.should_stop"),
    Option("--name", "N", "name of the sweep's run"),
    Option("--quiet", "", "show no bar and no panel"),
)
_BY_FLAG = {option.flag: option for option in SWEEP_OPTIONS}
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
    reader = _Reader(line, split_tokens(line, len("%%sweep")))
    reader.read()
    said = reader.said
    if ("minimize" in said) == ("maximize" in said):
        raise HeaderError("%%sweep goes by one metric", "--minimize loss, or --maximize accuracy")
    if "max_evals" not in said:
        raise HeaderError("%%sweep needs to know how many trials", "--max-evals 50")
    if not reader.space:
        raise HeaderError("there is nothing to search in the header", "lr=loguniform(log(1e-4), log(1e-1))")
    return SweepHeader(space=reader.space, fixed=reader.fixed, **said)


class _Reader:
    """Goes through the tokens once; ``said`` collects the fields that are given once."""

    def __init__(self, line: str, tokens: list[Token]) -> None:
        self.line, self.tokens = line, tokens
        self.space: dict[str, Any] = {}
        self.fixed: dict[str, Any] = {}
        self.said: dict[str, Any] = {}

    def read(self) -> None:
        while self.tokens:
            token = self.tokens.pop(0)
            if token.text.startswith("-"):
                self._read_option(token)
            elif "=" in token.text and token.text[0] not in "'\"":
                self._read_name(token)
            else:
                self._say(token, "experiment", parse_text(self.line, token))

    def _read_option(self, token: Token) -> None:
        flag = token.text.partition("=")[0]
        option = _BY_FLAG.get(flag)
        if option is None:
            near = difflib.get_close_matches(flag, _BY_FLAG, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else "there are: " + ", ".join(_BY_FLAG)
            raise header_fault(self.line, token.start, f"there is no option {flag!r}", hint)
        field_name = flag[2:].replace("-", "_")
        if not option.metavar:
            self._say(token, field_name, True)
            return
        value = self._value_of(token, option)
        self._say(token, field_name, self._read_value(option, value))

    def _read_value(self, option: Option, value: Token) -> Any:
        text = parse_text(self.line, value)
        convert = _NUMBERS.get(option.flag)
        if convert is None:
            return text
        try:
            return convert(text)
        except ValueError:
            kind = "a whole number" if convert is int else "a number"
            raise header_fault(self.line, value.start, f"{option.flag} takes {kind}, not {text!r}") from None

    def _value_of(self, token: Token, option: Option) -> Token:
        if "=" in token.text:
            value = token.after("=")
        elif self.tokens and not self.tokens[0].text.startswith("--"):
            value = self.tokens.pop(0)
        else:
            value = Token("", token.end)
        if not value.text:
            raise header_fault(
                self.line, value.start, f"{option.flag} needs a value", f"{option.flag} {option.metavar}"
            )
        return value

    def _read_name(self, token: Token) -> None:
        name = token.text.partition("=")[0]
        value = token.after("=")
        if not name or not value.text:
            hint = "write name=uniform(0, 1), with no blanks around ="
            raise header_fault(self.line, token.start, f"{token.text!r} is half of a setting", hint)
        if not _NAME.fullmatch(name) or keyword.iskeyword(name):
            raise header_fault(self.line, token.start, f"{name!r} can't be a name")
        if name in self.space or name in self.fixed:
            raise header_fault(self.line, token.start, f"{name} is named twice")
        if not is_distribution(value.text):
            self.fixed[name] = parse_value(self.line, value)
            return
        try:
            self.space[name] = parse_distribution(name, value.text)
        except InvalidSpaceError as error:
            raise header_fault(self.line, value.start, error.message, error.hint) from None

    def _say(self, token: Token, name: str, value: Any) -> None:
        if name == "experiment" and self.tokens and self.tokens[0].text.startswith("="):
            hint = "write name=uniform(0, 1), with no blanks around ="
            raise header_fault(self.line, self.tokens[0].start, f"'{token.text} =' is half of a setting", hint)
        if name in self.said:
            what = (
                f"the experiment is {self.said[name]!r} already"
                if name == "experiment"
                else f"{token.text} is given twice"
            )
            raise header_fault(self.line, token.start, what)
        self.said[name] = value
