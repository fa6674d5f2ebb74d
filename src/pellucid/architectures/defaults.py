"""How an architecture is trained by default: the settings taken where none are given."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pellucid.known_names import key


@dataclass(frozen=True)
class Defaults:
    """Settings that suit an architecture; explicit settings override them.

    Attributes:
        epochs: How often every picture is seen, at least 1.
        learning_rate: The peak for SGD and batches of 128; none, and for other rules: the rule's
            own. For other batches see :func:`pellucid.training.recipe.default_learning_rate`.
        weight_decay: On kernels, 0 to 1.
        label_smoothing: 0 to less than 1.
        augmentation: How training pictures are changed: a name of
            :data:`pellucid.data.augment.PRESETS`.
    """

    epochs: int = 10
    learning_rate: float | None = None
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augmentation: str = "none"


PHOTOS = Defaults(
    epochs=20,
    learning_rate=0.1,
    weight_decay=5e-4,
    label_smoothing=0.1,
    augmentation="photos",
)
"""For networks with batch norms, which learn photographs. Rate and decay are those of Zagoruyko and
Komodakis 2016, *Wide residual networks*, section 3; flips and shifts those of He et al. 2015."""

RESIDUAL = replace(PHOTOS, weight_decay=1e-4)
"""Rate and decay are those of He et al. 2015, section 3.4, and Huang et al. 2016, section 4.2."""

UNNORMED = replace(PHOTOS, learning_rate=0.01, label_smoothing=0.0)
"""For networks without batch norms. Rate and decay are those of Krizhevsky et al. 2012, section 5,
and Simonyan and Zisserman 2014, section 3.1."""

MOBILE = replace(PHOTOS, learning_rate=0.05, weight_decay=4e-5)
"""Few weights a kernel, which decay little: Howard et al. 2017, section 3.2; the rate and decay of
Sandler et al. 2018, section 6.1."""

STEERING = Defaults(epochs=20, learning_rate=0.01)
"""Pictures are not changed: the number of a mirrored or moved one is another."""

DEFAULTS: dict[str, Defaults] = {
    "vgg-small": PHOTOS,
    "vgg-medium": PHOTOS,
    "resnet20": PHOTOS,
    "resnet32": RESIDUAL,
    "resnet56": RESIDUAL,
    "resnet110": RESIDUAL,
    "alexnet": UNNORMED,
    "zfnet": UNNORMED,
    "vgg11": UNNORMED,
    "vgg16": UNNORMED,
    "vgg19": UNNORMED,
    "googlenet": replace(UNNORMED, weight_decay=2e-4),
    "resnet18": RESIDUAL,
    "resnet34": RESIDUAL,
    "resnet50": RESIDUAL,
    "resnet101": RESIDUAL,
    "resnet152": RESIDUAL,
    "squeezenet": replace(UNNORMED, weight_decay=2e-4),
    "squeezenet-1.1": replace(UNNORMED, weight_decay=2e-4),
    "mobilenet-v1": MOBILE,
    "mobilenet-v2": MOBILE,
    "densenet121": RESIDUAL,
    "efficientnet-lite0": MOBILE,
    "efficientnet-lite1": MOBILE,
    "efficientnet-lite2": MOBILE,
    "pilotnet": STEERING,
}
"""By the architecture's name; what is not here is trained as a plain ``Defaults()`` says."""


def default_settings(architecture: object) -> Defaults:
    """The default settings of a named architecture; the plain ones for one's own networks."""
    if not isinstance(architecture, str):
        return Defaults()
    by_key = {key(name): settings for name, settings in DEFAULTS.items()}
    return by_key.get(key(architecture), Defaults())
