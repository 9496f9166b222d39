"""What a server counts and times, in Prometheus's text form at ``/metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

if TYPE_CHECKING:
    from jtrack.registry.serving.lanes import Lanes

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1_000, 10_000)


disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each, with the time of the server's start


class Counts:
    """The counts of one server."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self._requests = Counter(
            "jtrack_requests", "Requests for predictions, by HTTP status", ["status"], registry=own
        )
        self._seconds = Histogram(
            "jtrack_request_seconds", "From a request's last byte to its answer", registry=own, buckets=_SECONDS
        )
        self._rows = Counter("jtrack_rows", "Rows that were predicted", registry=own)
        self._joined = Histogram(
            "jtrack_batch_requests", "Requests that were predicted together", registry=own, buckets=_SIZES
        )
        self._reloads = Counter("jtrack_reloads", "Models that an alias moved to", ["result"], registry=own)
        self._model = Info("jtrack_model", "The model that is served", registry=own)
        self._by_status: dict[int, Counter] = {}

    def watch(self, lanes: Lanes) -> None:
        """Count what is predicted together, and show how the workers fare when somebody looks."""
        lanes.on_batch = self.batch
        for name, text, read in (
            ("jtrack_workers_ready", "Processes that have the model at hand", lambda: lanes.n_ready),
            ("jtrack_requests_waiting", "Requests that wait for a worker", lambda: lanes.n_waiting),
            ("jtrack_worker_restarts", "Workers that were replaced because they died", lambda: lanes.n_restarts),
        ):
            Gauge(name, text, registry=self._registry).set_function(read)

    def request(self, status: int, seconds: float) -> None:
        """Count a request and its answer."""
        counter = self._by_status.get(status)
        if counter is None:
            counter = self._by_status[status] = self._requests.labels(str(status))
        counter.inc()
        self._seconds.observe(seconds)

    def batch(self, n_requests: int, n_rows: int) -> None:
        """Count what was predicted together."""
        self._joined.observe(n_requests)
        self._rows.inc(n_rows)

    def model(self, uri: str, source: str) -> None:
        """Say which model is served: the address that was asked for, and what it means now."""
        self._model.info({"uri": uri, "model": source})

    def reload(self, *, is_good: bool) -> None:
        """Count a change of the model."""
        self._reloads.labels("done" if is_good else "failed").inc()

    def render(self) -> bytes:
        """Give Prometheus's text."""
        return generate_latest(self._registry)
