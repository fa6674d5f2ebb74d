"""Pictures that are computed together have the bits that they have alone."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data.preprocessing import Preprocessing
from pellucid.estimators import load_any, looks
from pellucid.files import Model, save_model
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from pellucid.serving import models
from pellucid.serving.models import warm_up
from tests.engines.networks import network
from tests.serving.running import png, service

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.estimators import AnyEstimator


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network, with a norm that is folded away."""
    path = tmp_path_factory.mktemp("bits") / "small.safetensors"
    layers = [Conv2D(8, 3, padding="same"), BatchNorm(), ReLU(), MaxPool(2), Conv2D(12, 3), ReLU()]
    graph = Sequential([*layers, Flatten(), Dense(5)]).graph((12, 11, 3))
    save_model(path, Model(network(graph), tuple("abcde"), Preprocessing(12, 11, 3)))
    return path


def test_in_the_event_loop(place: Path) -> None:
    """A light network answers there, what it answers from the engine's thread."""
    content = png(np.random.default_rng(0).integers(0, 256, (12, 11, 3), np.uint8))
    with service(place, engine="native") as here:
        served, threads = here.models.get(), []
        compute = served.batcher._compute

        def noting(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            threads.append(threading.current_thread())
            return compute(images)

        served.batcher._compute = noting
        answers = []
        for served.light in (False, True):
            answers.append(here.client.post("/predict", content=content).json())
        assert answers[0] == answers[1]
        assert threads[0].name.startswith("pellucid-compute")
        assert threads[1] is here.client._thread


def test_under_load(place: Path) -> None:
    """What waits while the engine is busy is one batch, and each answer what it is alone."""
    pictures = np.random.default_rng(0).integers(0, 256, (24, 12, 11, 3), np.uint8)
    files = [png(each) for each in pictures]
    with service(place, engine="native") as here:
        alone = [here.client.post("/predict", content=each).json() for each in files]
        batcher, may = here.models.get().batcher, threading.Event()

        async def ask() -> list[object]:
            here.models.engine.submit(lambda _lane: may.wait(60), lambda _: None)
            asked = [
                asyncio.ensure_future(here.client.asking.post("/predict", content=each))
                for each in files
            ]
            queued = len(files) - 1  # the first is a batch already, for which the engine waits
            while sum(map(len, batcher._units)) < queued:
                await asyncio.sleep(0.01)
            may.set()
            return [(await each).json() for each in asked]

        assert here.client.wait(ask()) == alone
        text = here.client.get("/metrics").text
        assert 'pellucid_batch_pictures_count{model="small"} 26.0' in text  # 24, then 1 and 23
        assert here.client.get("/v2/models/small").json()["parameters"]["batched_equals_single"]


def test_it_is_found_out(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program whose batches differ in the last bit is not said to give the same."""
    estimator: AnyEstimator = looks(load_any(place, engine="native"), place)
    assert warm_up(estimator)
    program = estimator.program_
    forward = program.forward

    def off(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = forward(images)
        if len(images) == models.batch_size(estimator):
            found[1] = np.nextafter(found[1], np.float32(np.inf))
        return np.asarray(found)

    monkeypatch.setattr(program, "forward", off)
    assert not warm_up(estimator)
