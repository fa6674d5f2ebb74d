"""Cases of what joins and reshapes: add, concatenate, flatten, global average pool, dense."""

from __future__ import annotations

from pellucid.ops import Add, Concatenate, Dense, Flatten, GlobalAveragePool
from tests.ops.cases.case import Case

JOINTS = [
    Case("two", Add(), ((3, 5, 2), (3, 5, 2)), linear=True),
    Case("three, flat", Add(), ((4,), (4,), (4,)), batch=3, linear=True),
    Case("two", Concatenate(), ((3, 5, 2), (3, 5, 4)), linear=True),
    Case("three", Concatenate(), ((2, 3, 1), (2, 3, 4), (2, 3, 2)), batch=1, linear=True),
    Case("flat", Concatenate(), ((3,), (2,)), linear=True),
    Case("feature maps", Flatten(), ((3, 5, 2),), linear=True),
    Case("one image", Flatten(), ((2, 3, 4),), batch=1, linear=True),
    Case("flat already", Flatten(), ((5,),), linear=True),
    Case("feature maps", GlobalAveragePool(), ((3, 5, 2),), linear=True),
    Case("one pixel", GlobalAveragePool(), ((1, 1, 3),), batch=1, linear=True),
    Case("asymmetric", Dense(3), ((5,),), batch=2, linear=True),
    Case("without bias", Dense(4, bias=False), ((3,),), batch=5, linear=True),
    Case("one image, one unit", Dense(1), ((7,),), batch=1, linear=True),
]
