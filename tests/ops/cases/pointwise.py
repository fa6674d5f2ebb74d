"""Cases of the activation functions."""

from __future__ import annotations

from pellucid.ops import LeakyReLU, PReLU, ReLU, ReLU6, Sigmoid, Tanh
from tests.ops.cases.case import Case, normal, off_kinks, tied

ACTIVATIONS = [
    case
    for operation in (ReLU(), ReLU6(), LeakyReLU(0.2), LeakyReLU(-0.5), PReLU(), Sigmoid(), Tanh())
    for case in (
        Case(f"feature maps {operation}", operation, ((3, 5, 2),), fill=off_kinks),
        Case(f"one flat vector {operation}", operation, ((7,),), batch=1, fill=off_kinks),
        Case(f"ties {operation}", operation, ((4, 3, 2),), fill=tied, smooth=False),
        Case(f"near zero {operation}", operation, ((3, 4, 2),), fill=normal, smooth=False),
    )
]
