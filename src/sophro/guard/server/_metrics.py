"""Numbers for Prometheus.

Contract: one registry per server, so that tests do not meet each other's counts; no label carries text of a user.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FINE = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LONG = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300)


class Metrics:
    """All numbers of one server."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "sophro_requests_total", "Requests by path and status.", ("path", "status"), registry=registry
        )
        self.decisions = Counter(
            "sophro_decisions_total",
            "Decisions by place, what the policy says and whether it was carried out.",
            ("place", "action", "enforced"),
            registry=registry,
        )
        self.reasons = Counter(
            "sophro_reasons_total", "What detectors acted on.", ("detector", "label"), registry=registry
        )
        self.not_evaluated = Counter(
            "sophro_not_evaluated_total", "Judgements that could not be made.", ("place",), registry=registry
        )
        self.outcomes = Counter(
            "sophro_answers_total", "Answers by how they ended.", ("outcome",), registry=registry
        )
        self.tokens = Counter("sophro_tokens_total", "Generated tokens.", registry=registry)
        self.dropped = Counter(
            "sophro_dropped_tokens_total", "Generated tokens that a reflection took back.", registry=registry
        )
        self.running = Gauge("sophro_answers_running", "Answers being written.", registry=registry)
        self.check_seconds = Histogram(
            "sophro_check_seconds",
            "One judgement of a whole text.",
            ("place",),
            buckets=_FINE,
            registry=registry,
        )
        self.push_seconds = Histogram(
            "sophro_push_seconds",
            "Guard time for new text of a stream, queueing included.",
            buckets=_FINE,
            registry=registry,
        )
        self.held_seconds = Histogram(
            "sophro_held_seconds",
            "From the generation of a text's oldest token to its release.",
            buckets=_LONG,
            registry=registry,
        )
        self.first_seconds = Histogram(
            "sophro_first_text_seconds", "From request to first text.", buckets=_LONG, registry=registry
        )
        self.commit_seconds = Histogram(
            "sophro_event_commit_seconds", "From event to disk.", buckets=_FINE, registry=registry
        )
        self.upstream_errors = Counter(
            "sophro_upstream_errors_total", "Faults of the upstream by code.", ("code",), registry=registry
        )

    def fault(self, code: str) -> None:
        """Count an error if it is one of the upstream."""
        if code.startswith("upstream_"):
            self.upstream_errors.labels(code).inc()

    def text(self) -> bytes:
        """Return the exposition format."""
        return generate_latest(self.registry)
