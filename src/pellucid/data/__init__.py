"""Pictures in: built-in sets, folders of pictures, IDX files; decoded, checked, divided."""

from __future__ import annotations

from pellucid.data.dataset import Dataset, Splits
from pellucid.data.idx import read_idx, read_idx_pair
from pellucid.data.load import BUILTIN, load, load_for
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.split import split, stratified_split

__all__ = [
    "BUILTIN",
    "Dataset",
    "Preprocessing",
    "Splits",
    "load",
    "load_for",
    "read_idx",
    "read_idx_pair",
    "split",
    "stratified_split",
]
