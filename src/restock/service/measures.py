"""Numbers for Prometheus."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD")
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Measures:
    """Counted while the server runs; one set per server, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.calls = Counter("restock_requests", "Requests answered", names, registry=self.registry)
        self.seconds = Histogram(
            "restock_request_seconds",
            "Seconds until the answer",
            ("route",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.jobs = Gauge("restock_jobs", "Jobs by state", ("state",), registry=self.registry)

    def text(self, jobs: dict[str, int]) -> bytes:
        """All of it, with the jobs as they are now."""
        for state in ("queued", "running", "done", "failed", "cancelled"):
            self.jobs.labels(state).set(jobs.get(state, 0))
        return generate_latest(self.registry)


class Measure:
    """Count and time every request by its route, not by its path: there are many lines and few routes."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app, self.measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.measures.calls.labels(method, route, str(status)).inc()
            self.measures.seconds.labels(route).observe(time.perf_counter() - began)
