"""How an architecture is usually trained: the settings that are taken where none are given."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.known_names import key


@dataclass(frozen=True)
class Defaults:
    """Settings that suit an architecture; whoever gives their own goes before them.

    Attributes:
        epochs: How often every picture is seen, at least 1.
        learning_rate: The peak for SGD and batches of 128; none, and for other rules: the rule's
            own. For other batches see :func:`pellucid.training.recipe.usual_learning_rate`.
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

DEFAULTS: dict[str, Defaults] = {"vgg-small": PHOTOS, "vgg-medium": PHOTOS, "resnet20": PHOTOS}
"""By the architecture's name; what is not here is trained as a plain ``Defaults()`` says."""


def default_settings(architecture: object) -> Defaults:
    """How a named architecture is usually trained; networks of one's own get the plain settings."""
    if not isinstance(architecture, str):
        return Defaults()
    by_key = {key(name): settings for name, settings in DEFAULTS.items()}
    return by_key.get(key(architecture), Defaults())
