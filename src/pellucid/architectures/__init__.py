"""Networks by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.alexnet import alexnet, zfnet
from pellucid.architectures.defaults import DEFAULTS, Defaults, default_settings
from pellucid.architectures.densenet import densenet121
from pellucid.architectures.efficientnet_lite import (
    efficientnet_lite0,
    efficientnet_lite1,
    efficientnet_lite2,
)
from pellucid.architectures.googlenet import googlenet
from pellucid.architectures.lecture import lecture
from pellucid.architectures.lenet5 import lenet5, lenet5_original
from pellucid.architectures.mobilenet import mobilenet_v1, mobilenet_v2
from pellucid.architectures.pilotnet import pilotnet
from pellucid.architectures.published import PUBLISHED, Published
from pellucid.architectures.resnet import (
    resnet18,
    resnet20,
    resnet32,
    resnet34,
    resnet50,
    resnet56,
    resnet101,
    resnet110,
    resnet152,
)
from pellucid.architectures.squeezenet import squeezenet, squeezenet_1_1
from pellucid.architectures.vgg import vgg11, vgg16, vgg19, vgg_medium, vgg_small
from pellucid.known_names import find_name
from pellucid.renamed import old_names

if TYPE_CHECKING:
    from pellucid.architectures.architecture import Architecture

__all__ = [
    "ARCHITECTURES",
    "DEFAULTS",
    "PUBLISHED",
    "Defaults",
    "Published",
    "default_settings",
    "get_architecture",
]

ARCHITECTURES: dict[str, Architecture] = {
    "lecture": lecture,
    "lenet5": lenet5,
    "lenet5-original": lenet5_original,
    "vgg-small": vgg_small,
    "vgg-medium": vgg_medium,
    "resnet20": resnet20,
    "resnet32": resnet32,
    "resnet56": resnet56,
    "resnet110": resnet110,
    "alexnet": alexnet,
    "zfnet": zfnet,
    "vgg11": vgg11,
    "vgg16": vgg16,
    "vgg19": vgg19,
    "googlenet": googlenet,
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "resnet101": resnet101,
    "resnet152": resnet152,
    "squeezenet": squeezenet,
    "squeezenet-1.1": squeezenet_1_1,
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v2": mobilenet_v2,
    "densenet121": densenet121,
    "efficientnet-lite0": efficientnet_lite0,
    "efficientnet-lite1": efficientnet_lite1,
    "efficientnet-lite2": efficientnet_lite2,
    "pilotnet": pilotnet,
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
