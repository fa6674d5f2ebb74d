"""Shards of every kind of data hold what the folder held, and give the same losses to the bit."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data import load
from pellucid.data.augment import Augmentation
from pellucid.data.listing import task_at_a_glance
from pellucid.data.reading import Reading
from pellucid.data.shards.images import ShardReader
from pellucid.data.shards.source import open_shards
from pellucid.errors import ArgumentError
from pellucid.files import save_model
from pellucid.files.shards import write_shards
from pellucid.training import make_recipe
from pellucid.training.batch_loader import BatchLoader
from tests.cli.test_detection import write_scenes
from tests.data.sound import spoken
from tests.data.sound.tones import tone, wav
from tests.estimators import test_captioner, test_detector, test_generator
from tests.messages import check_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pellucid.data.dataset import Dataset, Splits

READING = Reading(cache=False)


def boxes(root: Path) -> Path:
    """Wide pictures, placed between borders; none in some part has its number of boxes."""
    return write_scenes(root / "scenes", {"train": 12, "val": 4})


def captions(root: Path) -> Path:
    images, texts = test_captioner.pictures(12)
    rows = [["image", "caption"]]
    for n, (image, of) in enumerate(zip(images, texts, strict=True)):
        Image.fromarray(image).save(root / f"{n:02d}.png")
        rows += [[f"{n:02d}.png", text] for text in of]
    with (root / "captions.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    save_model(root / "body.safetensors", test_captioner.body_model())
    return root / "captions.csv"


def sounds(root: Path) -> Path:
    """Two kinds of tones of several lengths and rates."""
    for n in range(24):
        kind, rate = ("low", "high")[n % 2], 4000 if n % 3 else 8000
        (root / "tones" / kind).mkdir(parents=True, exist_ok=True)
        samples = tone((300.0, 1200.0)[n % 2], 0.2 + 0.01 * n, rate)
        (root / "tones" / kind / f"{n:02d}.wav").write_bytes(wav(samples, rate))
    return root / "tones"


def transcripts(root: Path) -> Path:
    return spoken.recordings(root, {"train": 12, "val": 4, "test": 4})


def pictures(root: Path) -> Path:
    random = np.random.default_rng(5)
    for n in range(40):
        (root / "few" / "ab"[n % 2]).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (16, 12, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(root / "few" / "ab"[n % 2] / f"{n:02d}.png")
    return root / "few"


def learner(kind: str, root: Path) -> Any:
    if kind == "unlabelled":
        return test_generator.made(epochs=1)
    if kind == "boxes":
        return test_detector.made(epochs=1, engine="reference")
    if kind == "captions":
        return test_captioner.made(root / "body.safetensors", epochs=1)
    if kind == "transcripts":
        return pl.SpeechRecognizer(spoken.small, epochs=1, verbose=0, sound=spoken.SOUND)
    mixed = Augmentation(horizontal_flip=True, shift=0.1, mixup=0.4)
    changes = mixed if kind == "pictures" else Augmentation(time_shift=0.1, mixup=0.2)
    return pl.ImageClassifier(
        "lenet5-original", epochs=2, batch_size=8, verbose=0, augmentation=changes
    )


KINDS: dict[str, Callable[[Path], Path]] = {
    "boxes": boxes, "captions": captions, "sounds": sounds, "transcripts": transcripts,
    "pictures": pictures, "unlabelled": pictures,
}  # fmt: skip


TASKS = {"unlabelled": "generation"}
"""What is not recognised by the data."""


@pytest.fixture(scope="module", params=KINDS)
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Path]:
    """What kind of data; where they are; and shards of them, several files a part."""
    root = tmp_path_factory.mktemp("kinds")
    source = KINDS[request.param](root)
    written = write_shards(
        source, root / "shards", READING, task=TASKS.get(request.param), shard_bytes=2000
    )
    assert not written.quarantined
    assert all(len(shards) > 1 for shards in written.index.parts.values())
    return request.param, source, root / "shards"


def same(found: Splits, expected: Splits) -> None:
    def check(one: Dataset | None, other: Dataset | None) -> None:
        assert (one is None) == (other is None)
        if one is None or other is None:
            return
        assert one.names == other.names
        assert one.sound == other.sound
        assert one.kind == other.kind
        np.testing.assert_array_equal(one.targets.array, other.targets.array)
        np.testing.assert_array_equal(np.asarray(one.images), other.images)
        assert one.fingerprint() == other.fingerprint()

    for part in ("train", "validation", "test"):
        check(getattr(found, part), getattr(expected, part))


def test_what_the_folder_held(kept: tuple[str, Path, Path]) -> None:
    kind, source, shards = kept
    same(load(shards), load(source, cache=False, task=TASKS.get(kind)))
    assert task_at_a_glance(str(shards)) in (None, load(shards).train.kind)
    if kind in ("boxes", "pictures"):
        same(load(shards, image_size=(40, 24)), load(source, image_size=(40, 24), cache=False))
    if kind in ("sounds", "transcripts"):
        asked: Any = {"sound": "rate=4000,mels=12,seconds=1.5"}
        if kind == "transcripts":
            asked["units"] = "characters"
        same(load(shards, **asked), load(source, cache=False, **asked))


def test_losses_are_those_of_the_folder(
    kept: tuple[str, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))
    kind, source, shards = kept
    found, expected = (learner(kind, source.parent).fit(data) for data in (shards, source))
    times = {"seconds", "images_per_second", "waited"}
    for row, other in zip(found.history_, expected.history_, strict=True):
        values = row.to_dict()
        assert {name: values[name] for name in values.keys() - times} == {
            name: value for name, value in other.to_dict().items() if name not in times
        }
    weights = expected.model_.network.weights
    assert weights.keys() == found.model_.network.weights.keys()
    for name, weight in found.model_.network.weights.items():
        assert np.isfinite(weight).all()
        np.testing.assert_array_equal(weight, weights[name])


def test_what_does_not_suit_them(kept: tuple[str, Path, Path]) -> None:
    kind, _, shards = kept
    heard = kind in ("sounds", "transcripts")
    wrong: list[dict[str, Any]] = [
        {"image_size": (9, 9)} if heard else {"sound": "mels=12"},
        {"task": "regression"},
    ]
    if kind != "transcripts":
        wrong.append({"units": "words"})
    for asked in wrong:
        with pytest.raises(ArgumentError) as caught:
            load(shards, **asked)
        check_line(caught.value)


def test_mixed_pictures_are_of_one_window_and_files_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More tar files than are in memory: what is mixed is there already, for two ranks too."""
    out, window = tmp_path / "shards", 10_000
    write_shards(pictures(tmp_path), out, READING, shard_bytes=2000, window=window)
    source = replace(open_shards(out, READING), window=window)
    data = source.read("all")
    windows = data.windows(3, 0)
    assert windows is not None
    assert len(windows) > 2
    assert all(len(np.unique(data.places[window])) == 2 for window in windows)
    assert sorted(np.concatenate(windows).tolist()) == list(range(40))
    read: list[str] = []
    plain = ShardReader._read

    def counted(self: ShardReader, shard: Any) -> list[bytes]:
        read.append(shard.name)
        return plain(self, shard)

    monkeypatch.setattr(ShardReader, "_read", counted)
    recipe = make_recipe(batch_size=6, seed=3, augmentation=Augmentation(mixup=1.0))
    feeds = [BatchLoader(data, recipe, rank=rank, world=2) for rank in range(2)]
    alone = BatchLoader(source.read("all"), recipe)
    order, mixed = data.order(3, 0), 0
    for number in range(feeds[0].steps):
        made = [feed.batch(0, number) for feed in feeds]
        images, targets = (np.concatenate(each) for each in zip(*made, strict=True))
        expected = alone.batch(0, number)
        np.testing.assert_array_equal(images, expected[0])
        np.testing.assert_array_equal(targets, expected[1])
        own = data.places[order[6 * number : 6 * number + len(targets)]]
        mixed += int((targets[np.arange(len(own)), own] < 1).sum())
    assert mixed > 5
    shards = source.index.parts["all"]
    ahead = {name: read.count(name) for name in read}  # two readers, and the next epoch's first
    assert all(count <= 4 for count in ahead.values())
    assert len(ahead) == len(shards)
