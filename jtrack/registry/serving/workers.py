"""Workers as the web server sees them: a process that is started, asked, and replaced when it dies."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jtrack.errors import InvalidModelError, JTrackError
from jtrack.registry.serving.words import Failed, Ready

if TYPE_CHECKING:
    from jtrack.registry.serving.scorer import Answer, Request

_CLOSE_WITHIN_S = 10.0


class WorkerDiedError(JTrackError):
    """The process with the model is gone; ``signal_number`` says what ended it, where something did."""

    def __init__(self, returncode: int | None) -> None:
        how = f"was ended by signal {-returncode}" if returncode is not None and returncode < 0 else "ended"
        super().__init__(f"the process with the model {how}")


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How to start a worker.

    Parameters
    ----------
    folder
        The model's.
    joins
        ``None`` sees by the model's example; see ``Scorer.open``.
    python
        The interpreter that has what the model needs.
    """

    folder: Path
    trust: bool
    joins: bool | None = None
    python: str = sys.executable

    def command(self) -> list[str]:
        """Give the command line."""
        joins = "" if self.joins is None else str(int(self.joins))
        return [self.python, "-m", "jtrack.registry.serving.worker", str(self.folder), str(int(self.trust)), joins]


class Worker:
    """One process with a model; asked by one thread at a time, ended from any."""

    def __init__(self, plan: WorkerPlan) -> None:
        self.plan = plan
        # Its standard error is the server's: one log for both.
        self._process = subprocess.Popen(plan.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def wait_ready(self) -> Ready:
        """Wait until the model is loaded.

        Raises
        ------
        InvalidModelError
            It can't be; the message says why.
        WorkerDiedError
            The process ended before it said so.
        """
        word = self._read()
        if isinstance(word, Failed):
            self.close()
            raise InvalidModelError(word.message, word.hint)
        assert isinstance(word, Ready)
        return word

    def exchange(self, requests: Sequence[Request]) -> list[Answer]:
        """Have requests answered.

        Raises
        ------
        WorkerDiedError
            The process ended meanwhile.
        """
        try:
            pickle.dump(list(requests), self._stdin, pickle.HIGHEST_PROTOCOL)
            self._stdin.flush()
        except (OSError, ValueError):
            raise WorkerDiedError(self._end()) from None
        answers: list[Answer] = self._read()
        return answers

    @property
    def lives(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once, whatever it does; who waits for it gets a WorkerDiedError."""
        self._process.kill()

    def close(self) -> None:
        """Let it finish what it has, and end."""
        with suppress(OSError, ValueError):
            self._stdin.close()
        try:
            self._process.wait(_CLOSE_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._end()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _read(self) -> Any:
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError, OSError, ValueError):
            raise WorkerDiedError(self._end()) from None

    def _end(self) -> int:
        with suppress(OSError, ValueError):
            self._stdin.close()
        returncode = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return returncode
