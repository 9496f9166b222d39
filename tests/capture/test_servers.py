"""The notebook's path from Jupyter servers that refuse, hang or talk nonsense: not known, and asked for only once."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jtrack.capture.notebook import CellOrigin, NotebookFinder

ORIGIN = CellOrigin("x = 1", connection_file=Path("kernel-mine.json"))


class Impostor:
    """Listens where a Jupyter server says that it is, and answers each who comes with ``answer``."""

    def __init__(self, runtime_dir: Path, answer: bytes | None) -> None:
        self.n_asked, self.answer = 0, answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        told = {"pid": os.getpid(), "url": f"http://127.0.0.1:{self._listening.getsockname()[1]}/", "token": "t"}
        (runtime_dir / "jpserver-1.json").write_text(json.dumps(told | {"root_dir": str(runtime_dir)}))
        self._serving = threading.Thread(target=self._serve)
        self._serving.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.n_asked += 1
            self._connections.append(connection)
            if self.answer is not None:
                connection.recv(4096)
                connection.sendall(self.answer)
                connection.close()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._serving.join()
        for each in (*self._connections, self._listening):
            each.close()


def answer(body: object, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{json.dumps(body)}".encode()


@pytest.fixture
def impostor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes | None], Impostor]]:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    opened: list[Impostor] = []

    def begin(answer: bytes | None) -> Impostor:
        opened.append(Impostor(tmp_path, answer))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    "said",
    [None, answer([], "403 Forbidden"), b"no HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[", b""],
    ids=["hangs", "refuses", "speaks no HTTP", "breaks off", "hangs up"],
)
def test_a_server_that_gives_no_answer_is_not_asked_for_each_cell(
    impostor: Callable[[bytes | None], Impostor], said: bytes | None
) -> None:
    server, finder = impostor(said), NotebookFinder()
    assert finder.find(ORIGIN) is None
    assert finder.find(ORIGIN) is None
    assert server.n_asked == 1


@pytest.mark.parametrize("sessions", [{}, [1], [{"type": "notebook", "kernel": None}], [{"type": "notebook"}]])
def test_sessions_of_an_unknown_form_are_of_no_notebook(
    impostor: Callable[[bytes | None], Impostor], sessions: object
) -> None:
    impostor(answer(sessions))
    assert NotebookFinder().find(ORIGIN) is None


def test_what_was_known_holds_while_the_server_slips(
    impostor: Callable[[bytes | None], Impostor], tmp_path: Path
) -> None:
    notebook = tmp_path / "wine.ipynb"
    notebook.write_text("{}")
    session = {"type": "notebook", "path": "wine.ipynb", "kernel": {"id": "mine"}}
    server, finder = impostor(answer([session])), NotebookFinder()
    assert finder.find(ORIGIN) == notebook
    server.answer = answer([], "500 Internal Server Error")
    assert finder.find(ORIGIN) == notebook
    notebook.unlink()
    assert finder.find(ORIGIN) is None
