"""The command line: reads words, does the command, prints. Results go to stdout and all else to stderr.

Ends with 0, with 1 where something failed, with 2 where it was asked wrongly.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from jtrack.commands import HelpAsked, Result, call, parse_command
from jtrack.errors import InvalidInputError, JTrackError

DONE, FAILED, ASKED_WRONGLY = 0, 1, 2
INTERRUPTED = 130  # as shells do


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words of the command line say.

    Returns
    -------
    int
        The exit code.
    """
    try:
        return _main(sys.argv[1:] if argv is None else argv)
    except BrokenPipeError:
        # The reader (`| head`) has enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED


def _main(words: Sequence[str]) -> int:
    try:
        asked = parse_command(words or ["--help"])
        asked.progress = _say
        result = call(asked)
    except HelpAsked as asked_for:
        print(asked_for.text, end="")
        return DONE
    except JTrackError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return ASKED_WRONGLY if isinstance(error, InvalidInputError) else FAILED
    _print(result, getattr(asked, "json", False))
    return DONE if result.is_good else FAILED


def _print(result: Result, as_json: bool) -> None:
    print(
        json.dumps(result.as_json(), indent=2, ensure_ascii=False, default=str) if as_json else result.as_text(),
        flush=True,
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
