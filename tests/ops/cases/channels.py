"""Cases of what works along channels: norms, softmax, dropout, normalisation of pixels."""

from __future__ import annotations

from pellucid.ops import BatchNorm, Dropout, LocalResponseNorm, Normalise, Softmax
from tests.ops.cases.case import TRAINING, Case, off_kinks

CHANNELS = [
    Case("feature maps", BatchNorm(), ((3, 5, 2),), linear=True),
    Case("training, feature maps", BatchNorm(), ((3, 5, 2),), mode=TRAINING, linear=True),
    Case("a large epsilon", BatchNorm(0.5, 0.5), ((2, 4, 3),), mode=TRAINING, linear=True),
    Case("flat", BatchNorm(), ((3,),), batch=5, linear=True),
    Case("training, flat", BatchNorm(1.0), ((3,),), batch=5, mode=TRAINING, linear=True),
    Case("training, one image", BatchNorm(), ((5, 3, 2),), batch=1, mode=TRAINING, linear=True),
    Case("inference", Dropout(0.5), ((3, 5, 2),), linear=True),
    Case("training", Dropout(0.3), ((3, 5, 2),), mode=TRAINING, linear=True),
    Case("training, flat", Dropout(0.7), ((13,),), batch=3, mode=TRAINING, linear=True),
    Case("none dropped", Dropout(0.0), ((5,),), mode=TRAINING, linear=True),
    Case("AlexNet's", LocalResponseNorm(), ((2, 3, 7),), fill=off_kinks),
    Case("strong", LocalResponseNorm(3, 0.4, 0.75, 1.0), ((2, 3, 5),), fill=off_kinks),
    Case("beta 2", LocalResponseNorm(3, 0.1, 2.0, 0.5), ((3, 2, 4),)),
    Case("wider than the channels", LocalResponseNorm(9, 0.2), ((3, 2, 4),), batch=1),
    Case("one channel, alone", LocalResponseNorm(1, 0.5), ((3, 2, 1),)),
    Case("colour", Normalise((125.0, 122.5, 114.0), (62.0, 0.5, 66.7)), ((4, 5, 3),), linear=True),
    Case("grey", Normalise((33.3,), (78.6,)), ((5, 4, 1),), batch=1, linear=True),
    Case("flat", Softmax(), ((5,),), batch=3),
    Case("feature maps", Softmax(), ((2, 3, 4),)),
    Case("sure", Softmax(), ((4,),), batch=3, fill=off_kinks),
]
