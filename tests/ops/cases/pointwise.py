"""Cases of the activation functions: all that are registered, and some with other settings."""

from __future__ import annotations

from functools import partial

from pellucid.ops import OPERATIONS, Clip, LeakyReLU, PReLU
from pellucid.ops.pointwise import Pointwise
from tests.ops.cases.case import Case, normal, off_kinks, tied

REGISTERED = [made() for made in OPERATIONS.values() if issubclass(made, Pointwise)]
"""Every pointwise function with its default settings."""

ACTIVATIONS = [
    case
    for operation, kinks in (
        *((each, each.kinks()) for each in REGISTERED),
        (LeakyReLU(0.2), (0.0,)),
        (LeakyReLU(-0.5), (0.0,)),
        (PReLU(), (0.0,)),
        (Clip(-1.5, 2.25), (-1.5, 2.25)),
    )
    for off in (partial(off_kinks, kinks=kinks or (0.0,)),)
    for case in (
        Case(f"feature maps {operation}", operation, ((3, 5, 2),), fill=off),
        Case(f"one flat vector {operation}", operation, ((7,),), batch=1, fill=off),
        Case(f"ties {operation}", operation, ((4, 3, 2),), fill=tied, smooth=False),
        Case(f"near zero {operation}", operation, ((3, 4, 2),), fill=normal, smooth=False),
    )
]
