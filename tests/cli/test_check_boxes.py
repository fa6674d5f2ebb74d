"""``pellucid check`` of boxes: the sheet of a batch, with boxes where pixels go."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pellucid.show.boxed import COLOURS
from tests.data.box_layouts import Sample, write_voc
from tests.data.made_files import encoded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_a_batch_is_drawn_with_boxes_that_move(pellucid: Command, tmp_path: Path) -> None:
    draws = np.random.default_rng(2)
    samples = []
    for number in range(6):
        pixels = np.zeros((96, 128, 3), np.uint8)
        x, y = (int(each) for each in draws.integers(20, 50, 2))
        pixels[y : y + 30, x : x + 40] = 255
        rows = [("block", float(x), float(y), x + 40.0, y + 30.0, False)]
        content = encoded(Image.fromarray(pixels))
        samples.append(Sample("train", f"{number}", content, (128, 96), rows))
    write_voc(tmp_path / "blocks", samples)
    done = pellucid(
        "check", "blocks", "--no-near", "--show-batch", "batch.png", "--image-size", "96x128",
        "--augment", "horizontal_flip=yes,shift=0.1,border=0", COLUMNS="100",
    )  # fmt: skip
    assert "object detection" in done.stdout
    assert "Boxes" in done.stdout
    sheet = np.asarray(Image.open(io.BytesIO((tmp_path / "batch.png").read_bytes())))
    orange = tuple(bytes.fromhex(COLOURS[0][1:]))
    for number in range(5):  # in a row, 8 pixels apart; one of six validates
        image = sheet[8 : 8 + 96, 8 + number * 136 : 8 + number * 136 + 128]
        drawn, white = (image == orange).all(axis=-1), (image == 255).all(axis=-1)
        assert drawn.sum() == 2 * 40 + 2 * 28  # one box, all of it, a pixel wide
        down, across = np.nonzero(drawn)
        inner = white[down.min() + 1 : down.max(), across.min() + 1 : across.max()]
        assert inner.all()
        assert white.sum() == inner.size
