"""What a server counts, in the format of Prometheus. No label names a tenant, a collection or a key."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        own = self.registry
        self.requests = Counter("polyhop_requests", "Requests answered", ["route", "method", "status"], registry=own)
        self.seconds = Histogram(
            "polyhop_request_seconds", "Time until the last byte", ["route"], buckets=_SECONDS, registry=own
        )
        self.inside = Gauge("polyhop_requests_inside", "Requests under way", registry=own)
        self.cancelled = Counter("polyhop_cancelled", "Requests whose client left before the answer", registry=own)
        self.refused = Counter("polyhop_refused", "Requests refused", ["reason"], registry=own)
        self.writes = Gauge("polyhop_writes_waiting", "Writes that wait or are done now", registry=own)
        self.uploads = Gauge("polyhop_uploads_waiting", "Uploads that wait or are read now", registry=own)
        self.documents = Counter("polyhop_documents_written", "Documents added, changed or removed", registry=own)

    def text(self) -> bytes:
        """Return all of it."""
        return generate_latest(self.registry)
