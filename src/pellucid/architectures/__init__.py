"""Networks by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.defaults import DEFAULTS, Defaults, default_settings
from pellucid.architectures.lecture import lecture
from pellucid.architectures.lenet5 import lenet5, lenet5_original
from pellucid.architectures.resnet import resnet20
from pellucid.architectures.vgg import vgg_medium, vgg_small
from pellucid.known_names import find_name
from pellucid.renamed import old_names

if TYPE_CHECKING:
    from pellucid.architectures.architecture import Architecture

__all__ = ["ARCHITECTURES", "DEFAULTS", "Defaults", "default_settings", "get_architecture"]

ARCHITECTURES: dict[str, Architecture] = {
    "lecture": lecture,
    "lenet5": lenet5,
    "lenet5-original": lenet5_original,
    "vgg-small": vgg_small,
    "vgg-medium": vgg_medium,
    "resnet20": resnet20,
}
"""Every architecture by its name on the command line."""


def get_architecture(name: str) -> Architecture:
    """The architecture of that name, in any case, with or without its hyphens.

    Raises:
        ArgumentError: If there is none; the message names the nearest.
    """
    return ARCHITECTURES[find_name("architecture", name, ARCHITECTURES)]


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
