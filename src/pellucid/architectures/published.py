"""What papers say of the networks: for which pictures, how many weights, and where to read it."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """A network as it was published.

    Attributes:
        input_shape: (height, width, channels) of its pictures.
        classes: How many it distinguishes; of numbers, how many it predicts.
        parameters: Weights that are trained, for these pictures and classes.
        paper: Authors, year, title, and where in it.
    """

    input_shape: tuple[int, int, int]
    classes: int
    parameters: int
    paper: str


LARGE, SMALL, DIGITS = (224, 224, 3), (32, 32, 3), (28, 28, 1)

_ALEX = "Krizhevsky et al. 2012, ImageNet classification with deep CNNs, section 3"
_ZEILER = "Zeiler and Fergus 2013, Visualizing and understanding convolutional networks, figure 3"
_VGG = "Simonyan and Zisserman 2014, Very deep convolutional networks, table 1"
_GOOGLE = "Szegedy et al. 2014, Going deeper with convolutions, table 1"
_HE = "He et al. 2015, Deep residual learning for image recognition, section 4"
_SQUEEZE = "Iandola et al. 2016, SqueezeNet, table 1"
_MOBILE = "Howard et al. 2017, MobileNets, table 1"
_MOBILE2 = "Sandler et al. 2018, MobileNetV2, table 2"
_DENSE = "Huang et al. 2016, Densely connected convolutional networks, table 1"
_TAN = "Tan and Le 2019, EfficientNet, table 1; its authors' Lite variants"
_PILOT = "Bojarski et al. 2016, End to end learning for self-driving cars, figure 4"

PUBLISHED: dict[str, Published] = {
    "alexnet": Published(LARGE, 1000, 60_965_224, _ALEX),
    "zfnet": Published(LARGE, 1000, 62_357_608, _ZEILER),
    "vgg11": Published(LARGE, 1000, 132_863_336, f"{_VGG}, A"),
    "vgg16": Published(LARGE, 1000, 138_357_544, f"{_VGG}, D"),
    "vgg19": Published(LARGE, 1000, 143_667_240, f"{_VGG}, E"),
    "googlenet": Published(LARGE, 1000, 6_998_552, _GOOGLE),
    "resnet18": Published(LARGE, 1000, 11_689_512, _HE),
    "resnet34": Published(LARGE, 1000, 21_797_672, _HE),
    "resnet50": Published(LARGE, 1000, 25_557_032, _HE),
    "resnet101": Published(LARGE, 1000, 44_549_160, _HE),
    "resnet152": Published(LARGE, 1000, 60_192_808, _HE),
    "resnet20": Published(SMALL, 10, 272_474, _HE),
    "resnet32": Published(SMALL, 10, 466_906, _HE),
    "resnet56": Published(SMALL, 10, 855_770, _HE),
    "resnet110": Published(SMALL, 10, 1_730_714, _HE),
    "squeezenet": Published(LARGE, 1000, 1_248_424, _SQUEEZE),
    "squeezenet-1.1": Published(LARGE, 1000, 1_235_496, f"{_SQUEEZE}; its authors' version 1.1"),
    "mobilenet-v1": Published(LARGE, 1000, 4_231_976, _MOBILE),
    "mobilenet-v2": Published(LARGE, 1000, 3_504_872, _MOBILE2),
    "densenet121": Published(LARGE, 1000, 7_978_856, _DENSE),
    "efficientnet-lite0": Published(LARGE, 1000, 4_652_008, _TAN),
    "efficientnet-lite1": Published((240, 240, 3), 1000, 5_416_680, _TAN),
    "efficientnet-lite2": Published((260, 260, 3), 1000, 6_092_072, _TAN),
    "pilotnet": Published((66, 200, 3), 1, 252_219, _PILOT),
}
"""By the architecture's name. Papers give rounded numbers; these are exact, of the layers that the
papers describe."""
