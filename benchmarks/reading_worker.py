"""One contender reads a folder of pictures, for two epochs; started by one line of JSON.

    python -m benchmarks.reading_worker CONTENDER FOLDER SIDE BATCH CACHE

Importing is not counted; whatever a contender must do to give its first batch is, and everybody
gives batches of uint8 pictures, SIDE × SIDE in colour, shuffled: all pictures of the folder, or
those of its part ``train``. The first epoch begins with the path of the folder, the second with
whatever is left of the first.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch.utils.data import DataLoader

    Read = Callable[[int], Iterator[int]]
    """From an epoch's number to the sizes of its batches, each read when it is asked for."""

SEED = 0


def main() -> None:
    """Read as the command line says."""
    name, folder, side, batch, cache = sys.argv[1:]
    make = _own if name.startswith("pellucid") else _pytorch
    begin = make(name, Path(folder), int(side), int(batch), cache)
    seconds: list[float] = []
    start = time.perf_counter()
    batches = begin()
    pictures = 0
    for epoch in range(2):
        pictures = sum(batches(epoch))
        now = time.perf_counter()
        seconds.append(now - start)
        start = now
    print(json.dumps({"pictures": pictures, "first": seconds[0], "later": seconds[1]}), flush=True)


def _own(name: str, folder: Path, side: int, batch: int, cache: str) -> Callable[[], Read]:
    import PIL.Image  # as everybody has imported it

    from pellucid.data import Preprocessing, listing, load_for
    from pellucid.training.batches import batches

    assert PIL.Image is not None

    def begin() -> Read:
        where: str | bool = False if name == "pellucid-uncached" else cache
        images = load_for(
            folder,
            preprocessing=Preprocessing(side, side, 3),
            classes=listing(folder).classes,
            split="train",
            cache=where,
        ).images

        def read(epoch: int) -> Iterator[int]:
            for indices in batches(len(images), batch, seed=SEED, epoch=epoch):
                yield len(images[indices])

        return read

    return begin


class Folder:
    """Pictures of one folder per class, as torchvision's ``ImageFolder`` reads them.

    Args:
        root: The folder.
        side: Height and width that they are resized to.
    """

    def __init__(self, root: Path, side: int) -> None:
        classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
        self._files = [
            (os.path.join(above, file), label)  # noqa: PTH118 (as torchvision does it, and faster)
            for label, name in enumerate(classes)
            for above, _, files in sorted(os.walk(root / name, followlinks=True))
            for file in sorted(files)
        ]
        self._side = side

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        import torch
        from PIL import Image

        path, label = self._files[i]
        with open(path, "rb") as file:  # noqa: PTH123 (as torchvision does it, and faster)
            image = Image.open(file).convert("RGB")
        resized = image.resize((self._side, self._side), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(resized)), label


def _pytorch(name: str, folder: Path, side: int, batch: int, _cache: str) -> Callable[[], Read]:
    import PIL.Image
    import torch
    from torch.utils.data import DataLoader

    assert PIL.Image is not None
    torch.manual_seed(SEED)
    workers = int(name.removeprefix("pytorch-"))

    def begin() -> Read:
        loader: DataLoader[Any] = DataLoader(
            Folder(folder / "train" if (folder / "train").is_dir() else folder, side),  # type: ignore[arg-type]
            batch,
            shuffle=True,
            num_workers=workers,
            persistent_workers=workers > 0,
        )

        def read(_epoch: int) -> Iterator[int]:
            for images, _ in loader:
                yield len(images)

        return read

    return begin


if __name__ == "__main__":
    main()
