"""What Prometheus reads of a service: requests, queues, batches, decoding, models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from pellucid.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

    from pellucid.serving.models import Models

SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable with the folder in which processes of one service count together."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters of one service, in a registry of its own.

    Where several processes answer, their counts are added up; how many pictures wait, and what a
    process takes, each would say of itself alone, and is left out.

    Attributes:
        registry: Where they are; further ones may be registered.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._shared = SHARED_METRICS in os.environ
        if not self._shared:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self.registry)
        self._requests = Counter(
            "pellucid_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self._seconds = self._histogram(
            "pellucid_request_seconds", "From the request's head to the answer's end.", "route"
        )
        self._decoding = self._histogram(
            "pellucid_decode_seconds", "Decoding a picture or recording.", "model"
        )
        self._batches = self._histogram("pellucid_batch_seconds", "Computing a batch.", "model")
        self._sizes = Histogram(
            "pellucid_batch_pictures", "Pictures in a batch.", ["model"], buckets=_SIZES,
            registry=self.registry,
        )  # fmt: skip
        self._refused = Counter(
            "pellucid_pictures_refused", "Pictures that cannot be used.", ["model"],
            registry=self.registry,
        )  # fmt: skip

        self._models: _OfModels | None = None
        self._counts: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def _histogram(self, name: str, text: str, label: str) -> Histogram:
        return Histogram(name, text, [label], buckets=_SECONDS, registry=self.registry)

    def show(self, models: Models) -> None:
        """Also say which models there are, and how many pictures wait for each."""
        self._models = _OfModels(models, waiting=not self._shared)
        if not self._shared:
            self.registry.register(self._models)

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        counts = self._counts.get((route, status))
        if counts is None:  # to be looked up once: routes and statuses are few
            counts = self._requests.labels(route, str(status)), self._seconds.labels(route)
            self._counts[route, status] = counts
        requests, times = counts
        requests.inc()
        times.observe(seconds)

    def decoded(self, model: str, seconds: float, *, usable: bool) -> None:
        """A picture was decoded, or found unusable."""
        self._decoding.labels(model).observe(seconds)
        if not usable:
            self._refused.labels(model).inc()

    def of_batches(self, model: str) -> _BatchCounts:
        """What is notified of a model's batches."""
        return _BatchCounts(self._sizes.labels(model), self._batches.labels(model))

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        if not self._shared:
            return generate_latest(self.registry)
        every = CollectorRegistry()
        MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        if self._models is not None:
            every.register(self._models)
        return generate_latest(every)


class _BatchCounts:
    """Counts the batches of a model."""

    def __init__(self, sizes: Histogram, seconds: Histogram) -> None:
        self._sizes, self._seconds = sizes, seconds

    def batch(self, pictures: int, seconds: float) -> None:
        self._sizes.observe(pictures)
        self._seconds.observe(seconds)


class _OfModels(Collector):
    """Reads the models when it is asked."""

    def __init__(self, models: Models, *, waiting: bool) -> None:
        self._models, self._waiting = models, waiting

    def collect(self) -> Iterable[Metric]:
        info = GaugeMetricFamily(
            "pellucid_model_info", "Versions that answer.", labels=["model", "version", "pellucid"]
        )
        waiting = GaugeMetricFamily(
            "pellucid_waiting_pictures", "Pictures that wait to be computed.",
            labels=["model", "version"],
        )  # fmt: skip
        failed = GaugeMetricFamily(
            "pellucid_model_reload_failed", "1 where a newer file cannot be used.", labels=["model"]
        )
        for served in self._models.all():
            version = str(served.version)
            info.add_metric([served.name, version, __version__], 1)
            waiting.add_metric([served.name, version], served.batcher.waiting)
        for name in self._models.names:
            versions = self._models.versions(name).values()
            lasts = [self._models.reloads.get(each.source) for each in versions]
            failed.add_metric([name], float(any(last and last.error for last in lasts)))
        return (info, waiting, failed) if self._waiting else (info, failed)
