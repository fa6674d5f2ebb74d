"""What decodes pictures here, and in which version: others may decode to other pixels."""

from __future__ import annotations

from functools import cache

from pellucid.data.sound.spectrogram import VERSION

_CODECS = ("jpg", "libjpeg_turbo", "webp", "zlib", "libtiff", "avif")


@cache
def decoders() -> dict[str, str | None]:
    """The version of Pillow and of each library it decodes with; none where it has none."""
    from PIL import __version__, features

    return {"pillow": __version__, **{name: features.version(name) for name in _CODECS}}


@cache
def sound_decoders() -> dict[str, str | None]:
    """The versions of what makes pictures of recordings."""
    import numpy as np
    import soundfile

    return {
        "soundfile": soundfile.__libsndfile_version__,
        "numpy": np.__version__,
        "spectrogram": str(VERSION),
    }
