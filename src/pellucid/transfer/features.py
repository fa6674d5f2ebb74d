"""What a body sees in pictures: computed once for each, and kept."""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.augment import augmented
from pellucid.engines.batches import images_at_once
from pellucid.errors import ArgumentError
from pellucid.in_threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.engines import Engine, Program
    from pellucid.transfer.body import Body
    from pellucid.transfer.feature_cache import FeatureCache

    Images = NDArray[np.uint8]
    Features = NDArray[np.float32]
    Watching = Callable[[int, int], object]
    """Called with how many pictures are computed, and of how many: before the first, and after each
    batch. What it raises ends the computing, with the rest kept."""

VIEWS = 4
"""How often each picture is seen where pictures are varied: as it is, and so often less one."""

BATCH = 16
"""Pictures that are computed together: on CPUs, larger batches were not faster."""

_FORMAT = b"pellucid features 1\n"


def _quiet(done: int, of: int) -> None:
    """Report nothing."""


class FeatureReader:
    """Computes the features of pictures, or finds them in the cache.

    Args:
        body: The body.
        engine: Who computes.
        cache: Where features are kept; None for nowhere.
    """

    def __init__(self, body: Body, engine: Engine, cache: FeatureCache | None) -> None:
        self.body = body
        self._engine = engine
        self._cache = cache
        self._program: Program | None = None

    def read(self, images: Images, watching: Watching = _quiet) -> Features:
        """The features of pictures as they are, float32 (N, D).

        Args:
            images: uint8 (N, H, W, C), as the body takes them.
            watching: Called with how far it is.
        """
        return self._read(picture_digests(images), lambda rows: images[rows], watching)

    def read_maps(self, images: Images, watching: Watching = _quiet) -> NDArray[np.float32]:
        """What a body that ends in a map sees in pictures, float32 (N, h, w, C).

        Args:
            images: As :meth:`read` takes them.
            watching: As :meth:`read` takes it.
        """
        flat = self.read(images, watching)
        return flat.reshape(len(flat), *self.body.network.graph.output_shape)

    def read_views(
        self,
        images: Images,
        augmentation: Augmentation,
        seed: int,
        watching: Watching = _quiet,
    ) -> Features:
        """The features of several views of each picture, float32 (V · N, D).

        The first N rows are those of the pictures as they are, then come those of varied ones: view
        v of picture i is what augmentation makes of it in epoch v. Without augmentation, V is 1,
        else :data:`VIEWS`.

        Args:
            images: As :meth:`read` takes them.
            augmentation: How pictures are varied, mixup excepted.
            seed: Of what is drawn.
            watching: Called with how far it is.

        Raises:
            ArgumentError: If pictures were to be mixed, of which there are no features.
        """
        if augmentation.mixup:
            raise ArgumentError(
                "mixup mixes pictures while a network learns, and the features of a frozen body "
                "are computed before; leave mixup out"
            )
        digests = picture_digests(images)
        if not augmentation.changes_pixels:
            return self._read(digests, lambda rows: images[rows], watching)
        count = len(images)
        described = json.dumps(augmentation.to_dict(), sort_keys=True)
        keys = [
            digest if view == 0 else _varied(digest, f"{described} {seed} {index} {view}")
            for view in range(VIEWS)
            for index, digest in enumerate(digests)
        ]

        def pixels(rows: NDArray[np.int64]) -> Images:
            made = []
            for row in rows.tolist():
                view, index = divmod(row, count)
                picture, place = images[index : index + 1], np.array([index])
                made.append(
                    picture
                    if view == 0
                    else augmented(picture, place, augmentation, seed=seed, epoch=view)
                )
            return np.concatenate(made)

        return self._read(keys, pixels, watching)

    def _read(
        self,
        pictures: Sequence[bytes],
        pixels: Callable[[NDArray[np.int64]], Images],
        watching: Watching,
    ) -> Features:
        keys = [self._key(picture) for picture in pictures]
        length = math.prod(self.body.network.graph.output_shape)
        known = {} if self._cache is None else self._cache.read(list(dict.fromkeys(keys)), length)
        found = np.empty((len(keys), length), np.float32)
        rows_of: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            if key in known:
                found[row] = known[key]
            else:
                rows_of.setdefault(key, []).append(row)
        missing = list(rows_of)
        watching(0, len(missing))
        fresh: dict[bytes, Features] = {}
        try:
            for first in range(0, len(missing), BATCH):
                some = missing[first : first + BATCH]
                rows = np.array([rows_of[key][0] for key in some])
                for key, features in zip(some, self._computed(pixels(rows)), strict=True):
                    found[rows_of[key]] = features
                    fresh[key] = features
                watching(first + len(some), len(missing))
        finally:  # also of what was stopped, the rest need not be computed again
            if self._cache is not None:
                self._cache.write(fresh)
        return found

    def _computed(self, images: Images) -> Features:
        if self._program is None:
            self._program = self._engine.load(self.body.network)
        size = images_at_once(self._program.forward_bytes, BATCH)
        parts = [
            self._program.forward(_filled(images[first : first + size], size))[
                : len(images) - first
            ]
            for first in range(0, len(images), size)
        ]
        found = np.concatenate(parts).astype(np.float32)
        return found.reshape(len(found), -1)

    def _key(self, picture: bytes) -> bytes:
        digest = hashlib.sha256(_FORMAT + self._engine.name.encode() + b"\n")
        digest.update(self.body.digest)
        digest.update(picture)
        return digest.digest()


def _filled(images: Images, size: int) -> Images:
    """A batch of one size, so that code for no other is compiled; what is added is not used."""
    missing = size - len(images)
    return images if not missing else np.concatenate([images, images[:1].repeat(missing, axis=0)])


def _varied(digest: bytes, how: str) -> bytes:
    return hashlib.sha256(digest + how.encode("utf-8")).digest()


def picture_digests(images: Images) -> list[bytes]:
    """The SHA-256 of each picture's pixels: what stands for it, however it came to be."""
    from pellucid.cores import available_threads

    shape = repr(images.shape[1:]).encode()

    def digest(image: Images) -> bytes:
        found = hashlib.sha256(shape)
        found.update(np.ascontiguousarray(image).data)
        return found.digest()

    with closing(in_order(digest, images, threads=available_threads())) as digests:
        return list(digests)
