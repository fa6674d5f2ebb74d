"""From any picture to the pixels that a network takes: one rule, used everywhere."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from pellucid.data.convert import NoRuleError, Range, scaled
from pellucid.data.dataset import check_bytes
from pellucid.data.decode import decode, opened, source_name
from pellucid.data.jpeg_scaling import Reduced, can_be_reduced, reduce_decoding
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.placement import PicturePlacement
from pellucid.data.plain_jpeg import decoded_jpeg, plain_jpeg, small_file
from pellucid.data.sound.read import heard
from pellucid.data.sound.settings import Sound
from pellucid.errors import ArgumentError, DataError, FileFormatError
from pellucid.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.data.jpeg_scaling import Box

    Picture = (
        str | os.PathLike[str] | bytes | bytearray | Image.Image | NDArray[np.uint8 | np.floating]
    )
    """A picture's path, the bytes of its file, a Pillow image, or its pixels; of a recording its
    path, the bytes of its file, or its samples."""

Resize = Literal["pad", "crop", "stretch"]

Decoding = Literal["reduced", "whole"]

Filter = Literal["triangle", "bicubic"]

MAX_SIDE = 4096
"""Largest height and width, in pixels; it bounds what a model file can ask for."""

_YOUNGER = {
    "value_range": None,
    "invert": False,
    "filter": "triangle",
    "margin": 0,
    "sound": None,
}
"""Settings that model files need not have, and what is meant where they are not there."""


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes the array that a network takes.

    Training, evaluation, prediction and every export use this one function, and the model file
    stores its settings. How colours and orientation are converted is described in
    :mod:`pellucid.data.convert`. A picture that then has the right height and width keeps its
    pixels as they are, unless it is a file or a Pillow image and there is a ``margin``; any other
    is resized with antialiasing (by a filter that is as wide as the reduction).

    Attributes:
        height: Rows wanted, 1..4096.
        width: Columns wanted, 1..4096.
        channels: 1 (grey) or 3 (red, green, blue).
        resize: How a picture of another shape is fitted: ``"pad"`` keeps its proportions and all of
            it, between borders; ``"crop"`` keeps its proportions and cuts off what hangs over on
            two sides alike; ``"stretch"`` gives up the proportions.
        background: Grey level 0..255 under transparent pixels.
        border: Grey level 0..255 of the borders that ``"pad"`` adds.
        decoding: How large JPEG files are decoded: ``"reduced"`` as small as
            :mod:`pellucid.data.jpeg_scaling` allows, several times as fast; ``"whole"`` always
            as large as they are. Pictures that are given as pixels or as a Pillow image are never
            reduced in this way, which differs by a grey level or two.
        value_range: The values of pictures of more than 8 bits that become 0 and 255, as the
            training data have them (see :mod:`pellucid.data.value_range`): two finite numbers, the
            smaller first, and True where they have a fraction. None where the training data had no
            such pictures.
        invert: Whether black and white are exchanged, before borders are added: for a picture of
            black on white and a network that learned white on black.
        filter: What pictures are resized with: ``"triangle"``, or ``"bicubic"``, which is sharper
            and can overshoot at edges; it is Pillow's, with a = −1/2 (Keys 1981, *Cubic convolution
            interpolation for digital image processing*).
        margin: How many pixels larger than the part that is kept, in both directions, a picture is
            resized before ``"crop"`` cuts out its centre, 0..4096: with 32 and 224×224, the shorter
            side becomes 256 pixels. Networks for photographs are mostly judged in this way. Of
            other ways to fit pictures it is 0.
        sound: How recordings become pictures, where these are what the network takes; nothing is
            resized then, and the other settings do not count.

    Raises:
        ArgumentError: A setting is outside its range.
    """

    height: int
    width: int
    channels: int
    resize: Resize = "pad"
    background: int = 255
    border: int = 0
    decoding: Decoding = "reduced"
    value_range: Range | None = None
    invert: bool = False
    filter: Filter = "triangle"
    margin: int = 0
    sound: Sound | None = None

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            _check_integer(name, getattr(self, name), 1, MAX_SIDE)
        for name in ("background", "border"):
            _check_integer(name, getattr(self, name), 0, 255)
        _check_integer("channels", self.channels, 1, 3)
        if self.channels == 2:
            raise ArgumentError("channels is 2; expected 1 (grey) or 3 (red, green, blue)")
        _check_integer("margin", self.margin, 0, MAX_SIDE)
        for name, choices in (("resize", Resize), ("decoding", Decoding), ("filter", Filter)):
            if getattr(self, name) not in get_args(choices):
                raise ArgumentError(
                    f"{name} is {getattr(self, name)!r:.100}; expected one of "
                    f"{', '.join(get_args(choices))}"
                )
        object.__setattr__(self, "value_range", checked_range(self.value_range))
        if not isinstance(self.invert, bool):
            raise ArgumentError(f"invert is {self.invert!r:.100}; expected True or False")
        if self.margin and self.resize != "crop":
            raise ArgumentError(
                f"margin is {self.margin} with resize {self.resize!r}; expected 0, or resize 'crop'"
            )
        if self.sound is not None:
            if not isinstance(self.sound, Sound):
                raise ArgumentError(f"sound is {self.sound!r:.100}; expected a Sound, or None")
            if self.sound.shape != self.shape:
                raise ArgumentError(
                    f"sound makes pictures of {'×'.join(map(str, self.sound.shape))}, but height, "
                    f"width and channels are {'×'.join(map(str, self.shape))}"
                )

    @property
    def noun(self) -> str:
        """What is given to the network: a ``picture`` or a ``recording``."""
        return "picture" if self.sound is None else "recording"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of what :meth:`read` returns."""
        return self.height, self.width, self.channels

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON.

        ``value_range``, ``invert``, ``filter``, ``margin`` and ``sound`` are left out where they
        are as they are by default: older versions know no such settings.
        """
        settings = asdict(self)
        for name, default in _YOUNGER.items():
            if settings[name] == default:
                del settings[name]
        if self.value_range is not None:
            settings["value_range"] = list(self.value_range)
        return settings

    @classmethod
    def from_dict(cls, settings: object) -> Preprocessing:
        """Return the preprocessing that :meth:`to_dict` described.

        Settings without ``decoding`` are older than that choice, and mean ``"whole"``.

        Raises:
            FileFormatError: A setting is missing, unknown, of another type or outside its range.
        """
        known = {field.name for field in fields(cls)}
        if isinstance(settings, dict):
            settings = {**_YOUNGER, **settings}
        if isinstance(settings, dict) and settings.keys() == known - {"decoding"}:
            settings = {**settings, "decoding": "whole"}
        if isinstance(settings, dict) and settings.get("sound") is not None:
            settings = {**settings, "sound": Sound.from_dict(settings["sound"])}
        if not isinstance(settings, dict) or settings.keys() != known:
            raise FileFormatError(
                f"preprocessing is {settings!r:.200}; expected exactly the settings "
                f"{', '.join(sorted(known))}"
            )
        try:
            return cls(**settings)
        except ArgumentError as error:
            raise FileFormatError(f"preprocessing: {error}") from error

    def read(self, source: Picture, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
        """Return a picture as the network takes it.

        Args:
            source: The path of a picture file (PNG, JPEG, …), the bytes of one, a Pillow
                image, or pixels as a uint8 array of shape (H, W), (H, W, 1) or (H, W, 3), values
                0..255, which are kept as they are where they have the network's shape; where there
                is a ``value_range``, also integers of 16 or 32 bits. Where there is ``sound``, the
                path of a recording, the bytes of one, samples in −1..1 at its rate as floats (N,),
                or pixels of the network's shape.
            max_pixels: Files with more pixels are refused, before they are decoded.

        Returns:
            A new array of shape (height, width, channels), uint8 in 0..255.

        Raises:
            DataError: There is no such file; it cannot be read, is empty, is no picture of such a
                format, is damaged or cut short, or has too many pixels; or an array has another
                shape or type.
            ArgumentError: The source is none of the above, or ``max_pixels`` is no integer ≥ 1.
        """
        check_max_pixels(max_pixels)
        if self.sound is not None:
            return heard(source, self.sound)
        if isinstance(source, np.ndarray):
            pixels = _checked_pixels(self.eight_bit(source))
            if (
                pixels.shape == self.shape
            ):  # as the network takes it, also where files have a margin
                return 255 - pixels if self.invert else pixels.copy()
            return self._fit(_image(pixels), "array")
        if isinstance(source, (bytes, bytearray)):
            source = bytes(source)
        elif isinstance(source, (str, os.PathLike)):
            source = source if isinstance(source, Path) else Path(source)
        else:
            from PIL import Image

            if isinstance(source, Image.Image):
                return self._fit(source, printable(getattr(source, "filename", "") or "picture"))
            raise ArgumentError(
                f"a picture is given as {type(source).__name__}; expected a path, the bytes of a "
                f"picture file, a Pillow image or a NumPy array"
            )
        plain = self._plain(source, max_pixels)
        if plain is not None:
            return self._fitted(plain, source_name(source))
        with opened(source, max_pixels) as image:
            reduced = self._reduced(image) if self.decoding == "reduced" else None
            return self._fit(image, source_name(source), reduced)

    def eight_bit(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return pixels scaled to 0..255 if they are integers of more than 8 bits.

        Without a ``value_range``, and of another type, they are returned as they are.
        """
        if self.value_range is None or not is_deep_array(pixels):
            return pixels
        try:
            return scaled(pixels, self.value_range)
        except NoRuleError as error:
            raise DataError(f"a picture's pixels are {error}; give them as such") from error

    def _plain(self, source: Path | bytes, max_pixels: int) -> Image.Image | None:
        """A picture that can be had in few steps, decoded and in the wanted colours."""
        content = source if isinstance(source, bytes) else small_file(source)
        found = None if content is None else plain_jpeg(content)
        if content is None or found is None:
            return None
        width, height, mode = found
        if width * height > max_pixels or (
            self.decoding == "reduced" and can_be_reduced((width, height), *self._resized_to)
        ):
            return None
        picture = decoded_jpeg(content, mode, (width, height))
        wanted = "L" if self.channels == 1 else "RGB"
        return picture if picture is None or mode == wanted else picture.convert(wanted)

    def _reduced(self, image: Image.Image) -> Reduced | None:
        # between borders, one direction decides the size
        return reduce_decoding(image, *self._resized_to, both=self.resize != "pad")

    @property
    def _resized_to(self) -> tuple[int, int]:
        """Width and height that a picture has at least, or at most, before something is cut off."""
        return self.width + self.margin, self.height + self.margin

    def _fit(
        self, image: Image.Image, name: str, reduced: Reduced | None = None
    ) -> NDArray[np.uint8]:
        picture = decode(
            image,
            name,
            channels=self.channels,
            background=self.background,
            value_range=self.value_range,
        )
        return self._fitted(picture, name, reduced)

    def _fitted(
        self, picture: Image.Image, name: str, reduced: Reduced | None = None
    ) -> NDArray[np.uint8]:
        """Resize a decoded picture in mode ``L`` or ``RGB``."""
        if 0 in picture.size:
            raise DataError(f"{name}: a picture without pixels, {picture.width}×{picture.height}")
        if self.invert:
            from PIL import ImageChops

            picture = ImageChops.invert(picture)
        how = Reduced(*picture.size) if reduced is None else reduced
        if (how.width, how.height) != (self.width, self.height) or self.margin:
            picture = self._placed(picture, how)
        # the same as np.array(picture), in fewer steps
        return np.frombuffer(bytearray(picture.tobytes()), np.uint8).reshape(self.shape)

    def _placed(self, picture: Image.Image, how: Reduced) -> Image.Image:
        from PIL import Image

        placement = self.placement(how.width, how.height)
        left, top, right, bottom = placement.target
        resized = self._resized(picture, right - left, bottom - top, how.box(*placement.source))
        if resized.size == (self.width, self.height):  # no borders
            return resized
        colour = self.border if self.channels == 1 else (self.border,) * 3
        padded = Image.new(picture.mode, (self.width, self.height), colour)
        padded.paste(resized, (left, top))
        return padded

    def placement(self, width: int, height: int) -> PicturePlacement:
        """Where an upright picture of a size lies in what :meth:`read` makes of its file.

        Args:
            width: Columns of the picture, at least 1.
            height: Rows, at least 1.
        """
        source: Box = (0, 0, width, height)
        target = (0, 0, self.width, self.height)
        if self.resize == "pad":
            scale = min(self.width / width, self.height / height)
            wide = min(self.width, max(1, round(width * scale)))
            high = min(self.height, max(1, round(height * scale)))
            left, top = (self.width - wide) // 2, (self.height - high) // 2
            target = (left, top, left + wide, top + high)
        elif self.resize == "crop":
            most_wide, most_high = self._resized_to
            scale = max(most_wide / width, most_high / height)
            kept_wide = min(self.width / scale, width)
            kept_high = min(self.height / scale, height)
            begin, above = (width - kept_wide) / 2, (height - kept_high) / 2
            source = (begin, above, begin + kept_wide, above + kept_high)
        return PicturePlacement(width, height, source, target, self.width, self.height)

    def _resized(self, picture: Image.Image, width: int, height: int, box: Box) -> Image.Image:
        from PIL.Image import Resampling

        filters = {"triangle": Resampling.BILINEAR, "bicubic": Resampling.BICUBIC}
        return picture.resize((width, height), filters[self.filter], box)


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    from PIL import Image

    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _checked_pixels(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return pixels of shape (H, W, 1) or (H, W, 3)."""
    check_bytes("a picture's pixels", pixels)
    spatial = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    if spatial.ndim != 3 or spatial.shape[2] not in (1, 3) or 0 in spatial.shape:
        raise DataError(
            f"picture array of shape {pixels.shape}; expected (H, W), (H, W, 1) or (H, W, 3) with "
            f"at least one pixel"
        )
    return spatial


def is_deep_array(values: NDArray[Any]) -> bool:
    """Whether an array holds integers of 16 or 32 bits."""
    return values.dtype.kind in "iu" and values.dtype.itemsize in (2, 4)


def checked_range(value_range: object) -> Range | None:
    """Return a range of values, or None.

    Raises:
        ArgumentError: It is neither None nor two finite numbers, the smaller first, and whether
            they are those of numbers with a fraction.
    """
    if value_range is None:
        return None
    if isinstance(value_range, list | tuple) and len(value_range) in (2, 3):
        low, high, fractions = (*value_range, False)[:3]
        numbers = all(type(end) in (int, float) and isfinite(end) for end in (low, high))
        if numbers and low < high and isinstance(fractions, bool):
            return Range(float(low), float(high), fractions)
    raise ArgumentError(
        f"value_range is {value_range!r:.100}; expected two finite numbers, the smaller first, and "
        "true if the values have a fraction"
    )


def check_max_pixels(max_pixels: object) -> None:
    """Raise ArgumentError unless ``max_pixels`` is an integer ≥ 1."""
    if type(max_pixels) is not int or max_pixels < 1:
        raise ArgumentError(f"max_pixels is {max_pixels!r:.100}; expected an integer ≥ 1")


def _check_integer(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ArgumentError(f"{name} is {value!r:.100}; expected an integer {low}..{high}")
