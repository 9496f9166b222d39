"""Tab behind jtrack's magics: options, experiments, names that the cell sets, params and metrics, runs, commands.

A matcher of IPython's completer (API 2), which gets the whole cell; it is quiet on every other line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from jtrack.capture.bindings import find_bindings
from jtrack.capture.source import python_body
from jtrack.direction import infer_direction
from jtrack.entities import ModelStage
from jtrack.magics.fresh_names import FreshNames, quoted
from jtrack.magics.header import OPTIONS
from jtrack.magics.sweep_header import SWEEP_OPTIONS
from jtrack.store.search.complete import field_names
from jtrack.sweeps.shorthand import DISTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE = re.compile(r"\s*(%%track|%track|%%sweep|%runs|%compare|%parallel|%register|%promote|%models|%serve|%jtrack)\s")
_LIST_VALUE = re.compile(r"--(params|metrics)[ =](\S*,)?\S*$")
_KINDS = {"name": "variable", "operator": "keyword", "value": "text", "word": "keyword"}

Choices = list[tuple[str, str]]


class MagicCompleter:
    """Completes the lines of jtrack's magics; ``matcher`` is what IPython's completer is given."""

    def __init__(self) -> None:
        self._known = FreshNames()
        self._choices: dict[str, Callable[[str, str], Choices]] = {
            "%%track": self._for_header,
            "%track": self._for_track_line,
            "%%sweep": self._for_sweep,
            "%compare": self._for_compare,
            "%parallel": self._for_compare,
            "%register": self._for_register,
            "%promote": self._for_promote,
            "%models": self._for_models,
            "%serve": self._for_serve,
            "%jtrack": _for_command,
        }

        @context_matcher(identifier="jtrack.magic_matcher")  # type: ignore[untyped-decorator]
        def matcher(context: CompletionContext) -> SimpleMatcherResult:
            return self.complete(context)

        self.matcher = matcher

    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Give what can stand at the cursor, and nothing on lines that are not jtrack's."""
        before = context.text_until_cursor
        line = _LINE.match(before)
        if line is None:
            return SimpleMatcherResult(completions=[], suppress=False)
        if line[1] == "%runs":
            return self._complete_filter(before[line.end() :])
        fragment = re.split(r"[\s,=<>()]", before)[-1]
        choices = self._choices[line[1]](before, context.full_text)
        found = [SimpleCompletion(text, type=kind) for text, kind in choices if text.startswith(fragment)]
        return SimpleMatcherResult(completions=found, suppress=bool(found), ordered=True, matched_fragment=fragment)

    def _for_header(self, before: str, cell: str) -> Choices:
        if _LIST_VALUE.search(before):
            return [(name, "variable") for name in _names_set_by(cell)]
        if re.search(r"=\S*$", before):
            return []
        names = self._known.names()
        words = before.split()[1:] if before[-1].isspace() else before.split()[1:-1]
        has_experiment = any("=" not in word and not word.startswith("-") for word in words)
        experiments = [] if has_experiment else [(quoted(name), "text") for name in names.experiments]
        params = [(f"{name}=", "variable") for name in names.params if name.isidentifier()]
        return [*experiments, *params, *((option.flag, "param") for option in OPTIONS)]

    def _for_sweep(self, before: str, cell: str) -> Choices:
        if re.search(r"=\w*$", before):
            return [(f"{name}(", "function") for name in DISTRIBUTIONS]
        names = self._known.names()
        if re.search(r"--(minimize|maximize)[ =]\S*$", before):
            return [(quoted(name), "variable") for name in names.metrics]
        experiments = [(quoted(name), "text") for name in names.experiments]
        params = [(f"{name}=", "variable") for name in names.params if name.isidentifier()]
        return [*experiments, *params, *((option.flag, "param") for option in SWEEP_OPTIONS)]

    def _for_track_line(self, before: str, cell: str) -> Choices:
        if len(before.split()) - (not before[-1].isspace()) <= 1:
            return [("--last", "param"), ("on", "keyword"), ("off", "keyword")]
        return self._for_header(before, cell)

    def _complete_filter(self, text: str) -> SimpleMatcherResult:
        found = self._known.complete_filter(text)
        choices = [SimpleCompletion(each.text, type=_KINDS[each.kind]) for each in found.choices]
        fragment = text[found.start : found.end]
        return SimpleMatcherResult(completions=choices, suppress=bool(choices), ordered=True, matched_fragment=fragment)

    def _for_compare(self, before: str, cell: str) -> Choices:
        runs = [(quoted(name), "text") for name in self._known.names().runs]
        judged = [key for key in self._known.names().metrics if " " not in key and infer_direction(key) is not None]
        special = [(text, "keyword") for text in ("@last", *(f"@best(metrics.{key})" for key in judged))]
        return [*runs, *special, *((name, "variable") for name in field_names(self._known.names().keys))]

    def _for_register(self, before: str, cell: str) -> Choices:
        names = self._known.names()
        if re.search(r"@best\([^)\s]*$", before):
            return [(f"metrics.{key}", "variable") for key in names.metrics]
        if len(words_before(before)) == 1:
            runs = [(quoted(name), "text") for name in names.runs]
            return [("@last", "keyword"), ("@best(", "keyword"), *runs, *self._model_uris()]
        if re.search(r"--alias[ =]\S*$", before):
            return [(alias, "text") for alias in _aliases(names.aliases)]
        models = [(quoted(name), "text") for name in names.models]
        options = ("--alias", "--tag", "--description", "--example")
        return [*(models if len(words_before(before)) == 2 else []), *((option, "param") for option in options)]

    def _for_promote(self, before: str, cell: str) -> Choices:
        names, words = self._known.names(), words_before(before)
        if re.search(r"--alias[ =]\S*$", before):
            return [(alias, "text") for alias in _aliases(names.aliases)]
        if re.search(r"--stage[ =]\S*$", before):
            return [(stage.value, "keyword") for stage in ModelStage]
        if len(words) == 1:
            return [(quoted(name), "text") for name in names.models]
        if len(words) == 2:
            versions = [(each.rpartition("/")[2], "text") for each in names.versions if _is_of(each, "/", words[1])]
            aliases = [(f"@{each.rpartition('@')[2]}", "text") for each in names.aliases if _is_of(each, "@", words[1])]
            return [*versions, ("latest", "keyword"), *aliases]
        return [(option, "param") for option in ("--alias", "--stage", "--archive-existing")]

    def _for_models(self, before: str, cell: str) -> Choices:
        return [(quoted(name), "text") for name in self._known.names().models]

    def _for_serve(self, before: str, cell: str) -> Choices:
        if re.search(r"--stop[ =]\S*$", before):
            return _running_ports()
        options = ("--stop", "--port", "--workers", "--token", "--record", "--no-join", "--detach", "--help")
        uris = self._model_uris() if len(words_before(before)) == 1 else []
        return [*uris, *((option, "param") for option in options)]

    def _model_uris(self) -> Choices:
        names = self._known.names()
        return [(f"models:/{each}", "text") for each in (*names.aliases, *names.versions)]


def words_before(before: str) -> list[str]:
    """Cut what stands before the word at the cursor into words; the magic itself is the first."""
    words = before.split()
    return words if before[-1].isspace() else words[:-1]


def _aliases(addresses: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys([address.rpartition("@")[2] for address in addresses] + ["champion", "challenger"]))


def _is_of(address: str, sign: str, word: str) -> bool:
    return address.rpartition(sign)[0] == word.strip("'\"")


def _running_ports() -> Choices:
    from jtrack.registry.serving.server import running_servers

    return [(str(server.port), "text") for server in running_servers()]


def _for_command(before: str, cell: str) -> Choices:
    from jtrack.commands import COMMANDS

    words = before.split()[1:] if before[-1].isspace() else before.split()[1:-1]
    names = [command.name.split() for command in COMMANDS]
    n_said = len(words)
    following = [name[n_said] for name in names if name[:n_said] == words and len(name) > n_said]
    if following:
        return [(word, "keyword") for word in dict.fromkeys(following)]
    return [("--help", "param"), *(("--json", "param") for name in names if words[: len(name)] == name)]


def _names_set_by(cell: str) -> list[str]:
    bindings = find_bindings(python_body(cell.partition("\n")[2]))
    return sorted({*bindings.literals, *bindings.computed})
