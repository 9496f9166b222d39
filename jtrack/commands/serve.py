"""``models serve``, ``ps`` and ``stop``: scoring servers on this machine."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from jtrack.commands.command import Command
from jtrack.errors import InvalidInputError

if TYPE_CHECKING:
    from jtrack.registry.serving.options import ServerRecord
    from jtrack.registry.serving.server import Server

DEFAULT_PORT = 5000
_OTHER_ENVIRONMENTS = ("virtualenv", "uv", "conda")


@dataclass(frozen=True, slots=True)
class ServerNews:
    """What became of a server."""

    record: ServerRecord
    line: str
    is_good: bool = True

    def as_text(self) -> str:
        """Give the line."""
        return self.line

    def as_json(self) -> Any:
        """Give what is known of the server, without its token."""
        return server_json(self.record)


@dataclass(frozen=True, slots=True)
class ServersListing:
    """The servers that run."""

    servers: tuple[Server, ...]
    is_good: bool = True

    def as_text(self) -> str:
        """Give a line for each."""
        from jtrack.widgets.served.html import servers_text

        return servers_text(list(self.servers))

    def as_json(self) -> Any:
        """Give what is known of each, without its token."""
        return [server_json(server.record) for server in self.servers]


def server_json(record: ServerRecord) -> dict[str, Any]:
    """Give a record for a program to read; a token is nobody's business."""
    form = asdict(record)
    form["options"]["token"] = record.options.token is not None
    return form


def serve_model(
    model_uri: str,
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    workers: int = 1,
    timeout_s: float | None = None,
    max_body_mb: float | None = None,
    token: str | None = None,
    join: bool | None = None,
    record: float = 0.0,
    trust: bool = False,
    detach: bool = False,
    env_manager: str = "local",
    progress: Callable[[str], None] | None = None,
) -> ServerNews:
    """Serve a model over HTTP, in MLflow's scoring protocol, until it is interrupted.

    A page at /docs describes the model and asks it. An alias, a stage and latest are followed: when they move, the
    server turns to the other version and refuses no request meanwhile.

      jtrack models serve -m models:/churn@champion -p 5002

    Parameters
    ----------
    model_uri
        Any address of a model.
    port
        0 takes a free one.
    detach
        Start it in the background, and leave it there.

    Raises
    ------
    NotFoundError
        There is no such model.
    ServingError
        It doesn't start; the message says why.
    """
    from jtrack.registry.serving.main import run_server
    from jtrack.registry.serving.options import DEFAULT_MAX_BODY_MB, DEFAULT_TIMEOUT_S, ServeOptions
    from jtrack.registry.serving.server import make_record, openness_warning, start_server

    check_environment(env_manager)
    limits = {"timeout_s": timeout_s or DEFAULT_TIMEOUT_S, "max_body_mb": max_body_mb or DEFAULT_MAX_BODY_MB}
    token = token or os.environ.get("JTRACK_SERVE_TOKEN") or None
    options = ServeOptions(host, port, workers, token, joins=join, record=record, **limits)
    in_background = detach or progress is None  # in a notebook it would keep the kernel
    asked = make_record(
        model_uri, options, trust=trust or None, owner_pid=None if detach or not in_background else os.getpid()
    )
    warning = openness_warning(options)
    if warning is not None and progress is not None:
        progress(warning)
    if in_background:
        started = start_server(asked).record
        return ServerNews(started, f"{started.model} is served at {started.url}, process {started.pid}")
    run_server(asked)
    return ServerNews(asked, f"{model_uri} is no longer served")


def list_servers() -> ServersListing:
    """List the scoring servers that run on this machine."""
    from jtrack.registry.serving.server import running_servers

    return ServersListing(tuple(running_servers()))


def stop_server(name: str) -> ServerNews:
    """Stop a scoring server; requests that are under way are answered first.

    Parameters
    ----------
    name
        Its port, its address, or the address of its model.

    Raises
    ------
    ServingError
        None is known by that, or several are.
    """
    from jtrack.registry.serving.server import find_server

    server = find_server(name)
    server.stop()
    return ServerNews(server.record, f"{server.model_uri} is no longer served at {server.url}")


def check_environment(env_manager: str) -> None:
    """Raise InvalidInputError for an environment other than this one."""
    if env_manager in _OTHER_ENVIRONMENTS:
        raise InvalidInputError(
            f"models are served by this environment, not by one made by {env_manager}",
            "pip install -r MODEL/requirements.txt into an environment of its own, and serve it from there",
        )


def add_serve_options(parser: argparse.ArgumentParser, port: int | None = DEFAULT_PORT) -> None:
    """Add what the command line and the magic have in common."""
    takes = "a free one" if port is None else "%(default)s"
    parser.add_argument("-p", "--port", type=int, default=port or 0, metavar="P", help=f"0 is a free one ({takes})")
    parser.add_argument("-h", "--host", default="127.0.0.1", metavar="H", help="where to listen (%(default)s)")
    parser.add_argument(
        "-w", "--workers", type=int, default=1, metavar="N", help="processes with the model (%(default)s)"
    )
    parser.add_argument(
        "-t", "--timeout", dest="timeout_s", type=float, metavar="S", help="seconds a request may take (60)"
    )
    parser.add_argument("--max-body-mb", type=float, metavar="MB", help="the largest body of a request (64)")
    parser.add_argument("--token", metavar="T", help="callers have to send it; also $JTRACK_SERVE_TOKEN")
    parser.add_argument(
        "--record", type=float, default=0.0, metavar="SHARE", help="keep this share of requests, 0 to 1"
    )
    joining = parser.add_mutually_exclusive_group()
    joining.add_argument(
        "--join",
        action="store_true",
        default=None,
        help="predict waiting requests together, whatever its example shows",
    )
    joining.add_argument("--no-join", dest="join", action="store_false", help="predict each request alone")
    parser.add_argument("--trust", action="store_true", help="open a model from elsewhere though it can run code")
    parser.add_argument("--detach", action="store_true", help="leave it running in the background")


def _add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-m", "--model-uri", required=True, metavar="URI", help="models:/…, runs:/…, a folder or URL")
    add_serve_options(parser)
    parser.add_argument("--env-manager", default="local", metavar="E", help="local, as MLflow calls this environment")


def _add_stop_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="SERVER", help="its port, its address, or the address of its model")


MODELS_SERVE = Command("models serve", serve_model, _add_serve_arguments)
MODELS_PS = Command("models ps", list_servers, lambda parser: None)
MODELS_STOP = Command("models stop", stop_server, _add_stop_arguments)
