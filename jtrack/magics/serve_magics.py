"""``%serve``: a model of the registry behind an address, until this kernel ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class

from jtrack.commands.command import HelpAsked, Parser
from jtrack.commands.serve import add_serve_options
from jtrack.errors import InvalidInputError, ServingError
from jtrack.magics.panel_magics import split_words

if TYPE_CHECKING:
    import argparse

    from IPython.core.interactiveshell import InteractiveShell

    from jtrack.widgets.served.panel import ShownServer


@magics_class
class ServeMagics(Magics):
    """The magic that serves."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._shell = shell
        self._own: list[ShownServer] = []

    @line_magic
    def serve(self, line: str) -> Any:
        """Serve a model over HTTP, in MLflow's scoring protocol.

        ::

            %serve MODEL_URI [--port P] [--workers N] [--token T] [--record SHARE] [--detach]
            %serve --stop [SERVER]
            %serve

        MODEL_URI is any address of a model: ``models:/churn@champion``, ``models:/churn/3``, ``runs:/RUN/model``, a
        folder. The server is a process of its own and ends with this kernel, unless ``--detach``. An alias, a stage
        and ``latest`` are followed: when they move, it turns to the other version and refuses no request meanwhile.

        ``server = %serve MODEL_URI`` keeps the handle: ``server.url``, ``server.predict(X[:5])``, ``server.logs()``.
        ``--stop`` ends what this notebook started, or the SERVER of a port or address. Without anything, ``%serve``
        lists the servers that run on this machine. ``%serve --help`` tells all options.
        """
        try:
            asked = _parser().parse_args(split_words(line))
        except HelpAsked as help_asked:
            sys.stdout.write(help_asked.text)
            return None
        if asked.stop is not None:
            self._stop(asked.stop)
            return None
        if asked.model_uri is None:
            self._list()
            return None
        return self._serve(asked)

    def _serve(self, asked: argparse.Namespace) -> ShownServer:
        from jtrack.widgets.served.panel import serve

        name = asked.model_uri
        if name.isidentifier() and name in self._shell.user_ns:
            raise InvalidInputError(
                f"{name!r} is a variable, and what is served is a version or a run's model",
                f"%register {name} NAME, then %serve models:/NAME/latest",
            )
        options = {
            "port": asked.port,
            "host": asked.host,
            "workers": asked.workers,
            "token": asked.token,
            "join": asked.join,
            "record": asked.record,
            "trust": asked.trust or None,
            "detach": asked.detach,
        }
        limits = {"timeout_s": asked.timeout_s, "max_body_mb": asked.max_body_mb}
        options |= {key: value for key, value in limits.items() if value is not None}
        server = serve(name, **options)
        if not asked.detach:
            self._own.append(server)
        return server

    def _stop(self, name: str) -> None:
        from jtrack.registry.serving.server import find_server

        self._own = [server for server in self._own if server.is_running]
        stopping = self._own if not name else [find_server(name)]
        if not stopping:
            raise ServingError("this notebook serves nothing", "%serve lists the servers that run; %serve --stop PORT")
        for server in stopping:
            server.stop()
            sys.stdout.write(f"{server.model_uri} is no longer served at {server.url}\n")

    def _list(self) -> None:
        from jtrack.registry.serving.server import running_servers
        from jtrack.widgets.served.html import servers_text

        sys.stdout.write(f"{servers_text(running_servers())}\n")


def _parser() -> Parser:
    parser = Parser(prog="%serve", description="Serve a model over HTTP.", conflict_handler="resolve")
    parser.add_argument("model_uri", metavar="MODEL_URI", nargs="?", help="models:/…, runs:/…, a folder or URL")
    parser.add_argument(
        "--stop",
        metavar="SERVER",
        nargs="?",
        const="",
        help="end it: a port or an address, else all of this notebook's",
    )
    add_serve_options(parser, port=None)
    return parser
