"""What every peer does around its network: pictures as the model asks, by Pillow; the answer."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

FILTERS = {"triangle": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


class Pictures:
    """Decodes pictures for a model.

    Args:
        model: The model's ONNX file, with its preprocessing beside it, ``model.json``.
    """

    def __init__(self, model: str) -> None:
        settings = json.loads(Path(model).with_suffix(".json").read_text())
        self._mode = "L" if settings["channels"] == 1 else "RGB"
        self._width, self._height = settings["width"], settings["height"]
        self._margin = settings.get("margin", 0)
        self._filter = FILTERS[settings.get("filter", "triangle")]

    def read(self, content: bytes) -> Any:
        """The pixels, uint8 (H, W, C); resized and cut as the model was trained, if need be."""
        image = Image.open(io.BytesIO(content)).convert(self._mode)
        if self._margin or image.size != (self._width, self._height):
            scale = max(
                (self._width + self._margin) / image.width,
                (self._height + self._margin) / image.height,
            )
            left = (image.width - self._width / scale) / 2
            top = (image.height - self._height / scale) / 2
            box = (left, top, left + self._width / scale, top + self._height / scale)
            image = image.resize((self._width, self._height), self._filter, box)
        return np.asarray(image).reshape(self._height, self._width, -1)


def answer(logits: Any) -> dict[str, list[float] | list[int]]:
    """The five likeliest classes of a picture with their probabilities, (K,)."""
    powers = np.exp(logits - logits.max())
    best = np.argsort(-logits)[:5]
    return {"classes": best.tolist(), "probabilities": (powers / powers.sum())[best].tolist()}
