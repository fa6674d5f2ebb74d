"""The models that a service has: by name and version, reloaded when their files change."""

from __future__ import annotations

import asyncio
import io
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cores import available_threads
from pellucid.engines.batches import images_at_once
from pellucid.engines.native.program import NativeProgram
from pellucid.errors import ArgumentError, DataError, PellucidError
from pellucid.estimators import load_any, looks
from pellucid.evaluation.predictions import read_outputs
from pellucid.serving.batches import Batcher
from pellucid.serving.lanes import Engine, lane_programs
from pellucid.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines.engine import Program
    from pellucid.estimators import AnyEstimator
    from pellucid.serving.batches import BatchWatcher, Compute
    from pellucid.serving.limits import Limits
    from pellucid.serving.sources import Source

_BATCH = 64
"""Pictures in a batch, at most."""

_LIGHT = 0.0005
"""Seconds that the event loop may compute for one picture."""

_TRIES = 20
"""Of which the best counts: other programs can only make them longer."""


def _unheard(line: str) -> None:
    pass


class UnknownModelError(PellucidError):
    """There is no model of that name or version."""


@dataclass(eq=False)
class Served:
    """A model that answers.

    Attributes:
        source: Where it comes from.
        version: 1, 2, …; a reloaded model is a new version. 0 until it answers.
        estimator: The model with its program.
        batcher: The queue before its network.
        same_bits: Whether pictures were found to have the same bits alone as in batches.
        light: Whether the answer to a picture is computed sooner than another thread is awake.
        loaded: When it was, in seconds since 1970.
        page: Its page, once somebody asked for it.
    """

    source: Source
    version: int
    estimator: AnyEstimator
    batcher: Batcher
    same_bits: bool
    light: bool = False
    loaded: float = field(default_factory=time.time)
    page: asyncio.Future[bytes] | None = None

    @property
    def name(self) -> str:
        """What the service calls it."""
        return self.source.name


@dataclass(frozen=True)
class Reload:
    """The last attempt to load a model again.

    Attributes:
        time: When, in seconds since 1970.
        error: Why it failed, in a line; empty if it did not.
    """

    time: float
    error: str = ""


class Models:
    """All models of a service.

    Loading happens in a thread of its own, beside the models that answer; every other method
    belongs to the event loop.

    Args:
        engine: Who computes: ``"native"`` and so on.
        limits: How many pictures may wait for each model, and how long.
        watcher: Makes what is notified of a model's batches, by its name.
        remark: Prints a line.

    Attributes:
        asked: Called with the name of a model that somebody asked to reload, once it is.
    """

    def __init__(
        self,
        engine: str,
        limits: Limits,
        *,
        watcher: Callable[[str], BatchWatcher] | None = None,
        remark: Callable[[str], object] = _unheard,
    ) -> None:
        self._engine_name, self._limits = engine, limits
        self._watcher, self._remark = watcher, remark
        self.engine = Engine(available_threads())
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="pellucid-load")
        self._served: dict[str, dict[int, Served]] = {}
        self._stamps: dict[Source, tuple[int, ...] | None] = {}
        self.reloads: dict[Source, Reload] = {}
        self.asked: Callable[[str], object] = _unheard

    # ------------------------------------------------------------------------------------- asking

    @property
    def names(self) -> list[str]:
        """The models' names, in the order they were given."""
        return list(self._served)

    def versions(self, name: str) -> dict[int, Served]:
        """The versions of a model, by number, the oldest first.

        Raises:
            UnknownModelError: If there is no such model.
        """
        if name not in self._served:
            raise UnknownModelError(
                f"there is no model {printable(name)!r:.100}; there are {listed(self.names)}"
            )
        return self._served[name]

    def get(self, name: str | None = None, version: str | None = None) -> Served:
        """A model: of that name, or the only one; of that version, or the newest.

        Raises:
            UnknownModelError: If there is none such.
            ArgumentError: If several could be meant.
        """
        if name is None:
            if len(self._served) != 1:
                raise ArgumentError(
                    f"there are several models; name one, model=…: {listed(self.names)}"
                )
            (name,) = self._served
        versions = self.versions(name)
        if version is None:
            return versions[max(versions)]
        for number, served in versions.items():
            if str(number) == version:
                return served
        raise UnknownModelError(
            f"there is no version {printable(version)!r:.100} of {name}; there is "
            f"{listed([str(number) for number in versions])}"
        )

    def all(self) -> list[Served]:
        """Every version of every model."""
        return [each for versions in self._served.values() for each in versions.values()]

    # ------------------------------------------------------------------------------------ loading

    def load(self, source: Source) -> Served:
        """Load a model, run its self-test, and compute once what requests will; take it in.

        Raises:
            PellucidError: It cannot be used; what was there before stays.
        """
        self._stamps[source] = source.stamp
        served = self._prepared(source)
        self._take(served)
        return served

    async def reload(self, name: str) -> list[Served]:
        """Reload all versions of a model, each beside the one that answers, and exchange them.

        Raises:
            UnknownModelError: If there is no such model.
            PellucidError: One cannot be used; it goes on as it was.
        """
        return [await self._reload(each.source) for each in self.versions(name).values()]

    async def watch(self, seconds: float) -> None:
        """Reload models whose files have changed, for ever.

        Args:
            seconds: How often to look.
        """
        while True:
            await asyncio.sleep(seconds)
            for served in self.all():
                stamp = served.source.stamp
                if stamp is not None and stamp != self._stamps.get(served.source):
                    try:
                        await self._reload(served.source)
                    except PellucidError:
                        continue  # the line is printed and kept
                    except Exception as error:  # noqa: BLE001 - looking goes on, whatever it was
                        self._remark(f"{served.name}: {type(error).__name__}: {error}")

    async def _reload(self, source: Source) -> Served:
        loop = asyncio.get_running_loop()
        self._stamps[source] = source.stamp
        try:
            served = await loop.run_in_executor(self._loader, self._prepared, source)
        except PellucidError as error:
            self.reloads[source] = Reload(time.time(), printable(str(error)))
            self._remark(f"{source.name}: the model that was there goes on; {error}")
            raise
        self.reloads[source] = Reload(time.time())
        self._take(served)
        self._remark(f"{source.name}: version {served.version} answers now")
        return served

    def _take(self, served: Served) -> None:
        """Let a model answer as the next version, instead of the one from the same place."""
        versions = self._served.get(served.name, {})
        served.version = max(versions, default=0) + 1  # now, for several may have been loading
        kept = {n: each for n, each in versions.items() if each.source != served.source}
        self._served[served.name] = {**kept, served.version: served}

    def _prepared(self, source: Source) -> Served:
        try:
            estimator = looks(load_any(source.place, engine=self._engine_name), source.place)
            same_bits = warm_up(estimator)
            light = is_light(estimator)
            lanes = [] if light else lane_programs(estimator)
        except PellucidError:
            raise
        except MemoryError as error:
            raise DataError(f"{printable(source.place)}: not enough memory to compute") from error
        except OSError as error:
            raise DataError(f"{printable(source.place)}: {error.strerror or error}") from error
        batcher = Batcher(
            _quiet(estimator.program_),
            self.engine,
            lanes=[_quiet(each) for each in lanes],
            most=batch_size(estimator),
            watcher=None if self._watcher is None else self._watcher(source.name),
            queue=self._limits.queue,
            longest=self._limits.request_seconds / 2,
        )
        return Served(source, 0, estimator, batcher, same_bits, light)

    def close(self) -> None:
        """Let the threads go."""
        self._loader.shutdown(wait=False, cancel_futures=True)
        self.engine.close()


def _quiet(program: Program) -> Compute:
    """A network's forward pass, without warnings: what reads its outputs says more."""

    def compute(images: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(all="ignore"):
            return program.forward(images)

    return compute


def batch_size(estimator: AnyEstimator) -> int:
    """How many pictures of a network are computed together, at most."""
    return images_at_once(estimator.program_.forward_bytes, _BATCH)


def warm_up(estimator: AnyEstimator) -> bool:
    """Compute what requests will, once: code is compiled, memory touched, modules imported.

    Returns:
        Whether pictures have the same bits alone as in batches, of two and of the most.
    """
    program, preprocessing = estimator.program_, estimator.model_.preprocessing
    height, width, _ = preprocessing.shape
    shape = (batch_size(estimator), *preprocessing.shape)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with np.errstate(all="ignore"):
        together = program.forward(images)
        two = program.forward(images[:2])
        alone = [program.forward(images[i : i + 1]) for i in range(min(2, len(images)))]
    list(read_outputs(estimator, ["noise"], images[:1], alone[0], [(width, height)]))
    if preprocessing.sound is None:
        preprocessing.read(_png(images[0]))
    bits = np.concatenate(alone).tobytes()
    return bits == two.tobytes() == together[: len(alone)].tobytes()


def is_light(estimator: AnyEstimator) -> bool:
    """Whether a picture was computed and its outputs read within :data:`_LIGHT`, once warm.

    Its program then computes in the calling thread alone. Other engines than the native one are
    not asked.
    """
    program, shape = estimator.program_, estimator.model_.preprocessing.shape
    if not isinstance(program, NativeProgram):
        return False
    image = np.random.default_rng(0).integers(0, 256, (1, *shape), np.uint8)
    best = math.inf
    for _ in range(_TRIES):
        started = time.perf_counter()
        with np.errstate(all="ignore"):
            outputs = program.forward(image)
        list(read_outputs(estimator, ["noise"], image, outputs, [(shape[1], shape[0])]))
        best = min(best, time.perf_counter() - started)
    if best > _LIGHT:
        return False
    program.keep_to_callers()
    return True


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture as the bytes of a file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file, "PNG")
    return file.getvalue()
