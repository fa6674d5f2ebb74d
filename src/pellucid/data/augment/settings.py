"""What is done to training pictures: one frozen value, and the values that have names."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from pellucid import checks, settings
from pellucid.errors import ArgumentError
from pellucid.known_names import find_name

BORDERS = ("edge", "reflect")
"""What lies outside a picture: its edge drawn out, or its mirror image."""


@dataclass(frozen=True)
class Augmentation:
    """How training pictures are changed, afresh in every epoch. 0 and False leave out a change.

    The changes come in this order: flip, rotation and scale about the middle, shift; brightness,
    contrast, saturation; cut-out; masks of sound; mixup. All amounts are drawn uniformly and
    independently.

    Attributes:
        horizontal_flip: Mirror half of the pictures, left to right.
        shift: Furthest move along each axis as a share of that side, 0..1, rounded to whole pixels.
        rotation: Largest turn to either side in degrees, 0..180.
        scale: Largest growth, 0..3: the factor lies between 1 / (1 + scale) and 1 + scale, its
            logarithm uniformly.
        brightness: The values are multiplied by 1 − brightness .. 1 + brightness, 0..1.
        contrast: Distances from the picture's mean grey are multiplied in the same way, 0..1.
        saturation: Distances of a pixel's colours from its grey are, too, 0..1; grey pictures
            stay as they are.
        cutout: Side of a covered square as a share of the shorter side, 0..1. Its middle is any
            pixel of the picture, so that a part of it may hang over the edge.
        mixup: α of the distribution Beta(α, α) of the weights in which two pictures and their
            labels are mixed, 0..1.
        border: What a move or a turn brings in, and what covers: a grey level 0..255; or
            ``"edge"``, the nearest pixel, or ``"reflect"``, the picture mirrored at its outermost
            pixels. With the last two, what covers is the picture's mean colour.
        time_shift: As ``shift``, along the columns alone, which are times in pictures of sound.
        time_mask: Longest stretch of time that is covered, as a share of the whole, 0..1: of two
            stretches, see :mod:`pellucid.data.augment.masks`.
        frequency_mask: Widest band of frequencies that is covered, in the same way.
        flip_negates: Columns of numbers whose sign changes where the picture is mirrored, such as
            ``("angle",)`` of a steering wheel; a single name may be given as a text.

    Raises:
        ArgumentError: A setting is outside its range.
    """

    kind: ClassVar[str] = "augmentation"

    horizontal_flip: bool = False
    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    cutout: float = 0.0
    mixup: float = 0.0
    border: str | int = "reflect"
    flip_negates: tuple[str, ...] = ()
    time_shift: float = 0.0
    time_mask: float = 0.0
    frequency_mask: float = 0.0

    def __post_init__(self) -> None:
        checks.truth("horizontal_flip", self.horizontal_flip)
        self._check_negated()
        amounts = ("shift", "brightness", "contrast", "saturation", "cutout", "mixup")
        for name in (*amounts, *_OF_SOUND):
            checks.number(name, getattr(self, name), 0.0, 1.0)
        checks.number("rotation", self.rotation, 0.0, 180.0)
        checks.number("scale", self.scale, 0.0, 3.0)
        if isinstance(self.border, str):
            checks.choice("border", self.border, (*BORDERS, "a grey level 0..255"))
        else:
            checks.whole("border", self.border, 0, 255)

    def _check_negated(self) -> None:
        names: object = self.flip_negates
        if isinstance(names, str):
            names = (names,)
        if isinstance(names, list):
            names = tuple(names)
        if not isinstance(names, tuple) or not all(isinstance(n, str) and n for n in names):
            raise ArgumentError(
                f"flip_negates must be names of columns, such as ('angle',), got "
                f"{checks.brief(self.flip_negates)}"
            )
        if names and not self.horizontal_flip:
            raise ArgumentError(
                f"flip_negates names {checks.brief(names[0])}, but no picture is mirrored; add "
                "horizontal_flip=yes (in Python, True)"
            )
        object.__setattr__(self, "flip_negates", names)

    @property
    def changes_pixels(self) -> bool:
        """Whether a picture can come out otherwise than it went in; mixup is not counted."""
        masks = self.time_mask or self.frequency_mask
        return bool(self.moves or self.recolours or self.cutout or masks)

    @property
    def moves(self) -> bool:
        """Whether pixels change their places."""
        return bool(self.horizontal_flip or self.shift or self.time_shift or self.resamples)

    @property
    def resamples(self) -> bool:
        """Whether pixels land between pixels."""
        return bool(self.rotation or self.scale)

    @property
    def recolours(self) -> bool:
        """Whether brightness, contrast or saturation change."""
        return bool(self.brightness or self.contrast or self.saturation)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON.

        ``flip_negates`` and what is for sound only where they are given.
        """
        values = settings.to_dict(self)
        for name in ("flip_negates", *_OF_SOUND):  # so that runs of earlier versions go on
            if not values[name]:
                del values[name]
        return values

    def check_suits(self, *, sound: bool) -> None:
        """Check that every change makes sense for pictures of sound, or for others.

        Raises:
            ArgumentError: Naming the first that does not.
        """
        unsuited = _OF_PICTURES if sound else _OF_SOUND
        name = next((name for name in unsuited if getattr(self, name)), None)
        if name is not None:
            what, instead = (
                ("pictures, and the data are recordings", f"sound, or {', '.join(_OF_SOUND)}")
                if sound
                else ("recordings, and the data are pictures", "photos or digits")
            )
            raise ArgumentError(
                f"augmentation: {name} is for {what}; leave it out, or take others: {instead}"
            )

    @classmethod
    def from_dict(cls, values: object) -> Augmentation:
        """Return the augmentation that :meth:`to_dict` described.

        Raises:
            ArgumentError: A setting is unknown, of another type or outside its range.
        """
        return settings.from_dict(values, {cls.kind: cls}, cls.kind)


_OF_SOUND = ("time_shift", "time_mask", "frequency_mask")
"""Changes of pictures of sound, whose columns are times and whose rows are frequencies."""

_OF_PICTURES = ("horizontal_flip", "shift", "rotation", "scale", "saturation")
"""Changes that pictures of sound must not have: sound turned round, or of another pitch."""

SOUND = "sound"
"""The augmentation of recordings."""

SPEECH = "speech"
"""The augmentation of recordings with what is said in them."""

PRESETS = {
    "none": Augmentation(),
    "digits": Augmentation(shift=0.08, rotation=10.0, scale=0.1, border="edge"),
    "photos": Augmentation(
        horizontal_flip=True, shift=0.125, brightness=0.1, contrast=0.1, saturation=0.1
    ),
    "boxes": Augmentation(
        horizontal_flip=True, shift=0.1, scale=0.25, brightness=0.15, contrast=0.15,
        saturation=0.1, border=0,
    ),
    SOUND: Augmentation(
        time_shift=0.1, time_mask=0.15, frequency_mask=0.15, brightness=0.1, border=0
    ),
    SPEECH: Augmentation(time_mask=0.02, frequency_mask=0.2, brightness=0.1, border=0),
}  # fmt: skip
"""Augmentations by name: nothing; for written characters, which must not be mirrored; for photos of
things that are the same from both sides; for photos with boxes, where what a move brings in has
nothing to be found; for recordings; for recordings of which every word counts."""


def get_augmentation(text: str) -> Augmentation:
    """Return an augmentation by name, or by settings: ``photos,rotation=10,cutout=0.25``.

    Args:
        text: A name of :data:`PRESETS`, or settings of :class:`Augmentation` as ``name=value``, or
            a name and settings that override its own; between commas. A flip is ``yes`` or ``no``;
            columns whose numbers it negates have ``;`` between them: ``flip_negates=angle;x``.

    Raises:
        ArgumentError: A name or setting is unknown, or a value is none of that setting.
    """
    first, *others = (part.strip() for part in text.split(","))
    if "=" in first:
        first, others = "none", [first, *others]
    first = find_name("augmentation", first, PRESETS)
    return replace(PRESETS[first], **dict(_setting(part) for part in others))


def _setting(text: str) -> tuple[str, Any]:
    """``rotation=10`` as a name and a value."""
    name, equals, value = (part.strip() for part in text.partition("="))
    known = [each.name for each in fields(Augmentation)]
    if not equals:
        raise ArgumentError(
            f"{checks.brief(text)} is no setting of an augmentation such as rotation=10; there are "
            f"{', '.join(known)}"
        )
    name = find_name("setting of an augmentation", name, known)
    if name == "horizontal_flip":
        return name, {"yes": True, "no": False}.get(value.lower(), value)
    if name == "flip_negates":
        return name, tuple(part.strip() for part in value.split(";") if part.strip())
    if name == "border":
        return name, int(value) if value.isdecimal() else value
    try:
        return name, float(value)
    except ValueError as error:
        raise ArgumentError(f"{name} must be a number, got {checks.brief(value)}") from error
