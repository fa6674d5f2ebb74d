"""Read NumPy files of several arrays (``.npz``), which may come from anywhere."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.arrays import CLASSES, NAMES, no_known
from pellucid.data.decode import unreadable
from pellucid.data.names import shown
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile, ZipInfo

    from numpy.typing import NDArray

ARRAYS_SUFFIX = ".npz"
"""Ending, in lower case, of files that are read as arrays."""

# RuntimeError: encrypted, or packed in a way that Python does not know
_DAMAGED = (ValueError, EOFError, RuntimeError, zlib.error)


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Read those arrays of a NumPy file that :mod:`pellucid.data.arrays` knows, and no others.

    Python objects are never loaded, since loading them can run code. Memory is asked for only
    after an array's claim was compared with the size that its packed file has.

    Raises:
        DataError: The file cannot be read, is no NumPy file, is damaged, or holds Python objects.
    """
    import zipfile

    known = {CLASSES, *(name for pairs in NAMES.values() for pair in pairs for name in pair)}
    place = shown(path)
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as packed:
            members = {info.filename.removesuffix(".npy"): info for info in packed.infolist()}
            if known.isdisjoint(members):
                raise no_known(place, list(members))
            return {
                name: _array(packed, info, place) for name, info in members.items() if name in known
            }
    except DataError:
        raise
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{place}: no NumPy file of several arrays, or a damaged one ({shown(str(error))}); "
            f"make it with numpy.savez_compressed({path.name!r}, x=pictures, y=labels)"
        ) from error
    except MemoryError as error:
        raise DataError(f"{place}: more than fits into memory; make a smaller file") from error
    except OSError as error:
        raise unreadable(path, error) from error
    except _DAMAGED as error:
        raise DataError(
            f"{place}: damaged or cut short ({shown(str(error))}); make or get the file again"
        ) from error


def _array(packed: ZipFile, info: ZipInfo, place: str) -> NDArray[Any]:
    with packed.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in ((1, 0), (2, 0)):
            raise DataError(f"{place}: {info.filename} has an unknown version; save it again")
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, kind = read_header(member)
        if kind.hasobject:
            raise DataError(
                f"{place}: {info.filename} holds Python objects, which are never loaded; save "
                f"plain arrays (integers, or texts of type U)"
            )
        if not kind.itemsize or math.prod(shape) * kind.itemsize != info.file_size - member.tell():
            raise DataError(
                f"{place}: {info.filename} claims {shape} values of {kind}, which is not what it "
                f"holds; make or get the file again"
            )
    with packed.open(info) as member:
        array: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
    return array
