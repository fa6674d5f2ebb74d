"""The header of a compiled network: what its functions take and give, as comments and macros."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.interop.c.words import comment, number, numbers, strings
from pellucid.ops import Normalise
from pellucid.tasks import MultiLabel
from pellucid.text import counted
from pellucid.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.data.preprocessing import Preprocessing
    from pellucid.engines.native.runtime.embedded.platforms import Platform
    from pellucid.engines.native.runtime.embedded.program import Embedded, Meaning, PixelType
    from pellucid.files import Model

_FITTED = {
    "pad": "each keeps its proportions and all of it, between borders of grey level {border}",
    "crop": "each keeps its proportions, and what hangs over is cut off on two sides alike",
    "stretch": "each is stretched to that size",
}

_GIVES = {
    "scores": "logits, one a class; NAME_probabilities makes probabilities of them, which sum to 1",
    "labels": "logits, one a label; NAME_probabilities makes probabilities of them, one by one",
    "numbers": "the numbers, in the unit of the data that the network learned from",
}


def header_text(
    model: Model, name: str, platform: Platform, made: Embedded, tolerance: float,
    *, meaning: Meaning, dtype: PixelType,
) -> str:  # fmt: skip
    """A header for one network on one platform.

    Args:
        model: What was compiled.
        name: What everything in it begins with.
        platform: What it was compiled for.
        made: The object file.
        tolerance: The largest difference that rounding explains in the self-test.
        meaning: What the answer is.
        dtype: How pixels are given.
    """
    big = name.upper()
    parts = [
        comment(_about(model, name, platform, made, meaning=meaning, dtype=dtype)),
        f"#ifndef {big}_H\n#define {big}_H",
        "#include <stdint.h>" if dtype == "uint8" else "",
        "\n".join(_macros(model, big, made, tolerance)),
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        *_functions(name, meaning=meaning, dtype=dtype),
        "#ifdef __cplusplus\n}\n#endif",
        "#endif",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _about(
    model: Model, name: str, platform: Platform, made: Embedded,
    *, meaning: Meaning, dtype: PixelType,
) -> Iterator[str]:  # fmt: skip
    height, width, channels = model.network.graph.input_shape
    kind, found = "uint8_t" if dtype == "uint8" else "float", made.described
    yield (
        f"{name}: a network for {model.task.title}, compiled by Pellucid {__version__} for "
        f"{platform.name}: {platform.title}."
    )
    if platform.flags:
        yield f"Compile what calls it with {platform.flags}"
    colours = "grey" if channels == 1 else "red, green, blue"
    yield ""
    yield (
        f"Input: {kind} [{height}][{width}][{channels}], rows from the top, each from the left; "
        f"{colours}, from 0 (black) to 255 (white). {_fitted(model.preprocessing)}"
    )
    if _normalisation(model) is not None:
        yield "The network normalises pixels itself, (pixel - MEAN) / STD: do not do it before."
    yield f"Output: float [{len(model.classes)}]: {_GIVES[meaning].replace('NAME', name)}."
    yield ""
    needs = ", ".join(sorted(found.undefined)) or "nothing"
    yield (
        f"In the object file: {counted(found.code, 'byte')} of code, {found.constant} that are "
        f"constant ({made.weights} of them weights), {found.work} that are written. Nothing is "
        "allocated. Values lie in memory of the network's own, so that one call must end before "
        f"the next begins. Needs from other files: {needs}."
    )


def _fitted(preprocessing: Preprocessing) -> str:
    """How pictures of other sizes became those that the network learned from."""
    size = f"{preprocessing.width} x {preprocessing.height}"
    steps = [_FITTED[preprocessing.resize].format(border=preprocessing.border)]
    if preprocessing.margin:
        steps.append(f"it is resized {counted(preprocessing.margin, 'pixel')} larger before that")
    if preprocessing.invert:
        steps.append("black and white are exchanged before that")
    steps.append(f"transparent pixels become grey level {preprocessing.background}")
    return f"Pictures of other sizes are brought to {size}, with antialiasing: {'; '.join(steps)}."


def _normalisation(model: Model) -> Normalise | None:
    graph = model.network.graph
    found = (n.operation for n in graph.nodes if n.inputs == (graph.input,))
    return next((each for each in found if isinstance(each, Normalise)), None)


def _macros(model: Model, big: str, made: Embedded, tolerance: float) -> Iterator[str]:
    height, width, channels = model.network.graph.input_shape
    values: dict[str, object] = {
        "HEIGHT": height,
        "WIDTH": width,
        "CHANNELS": channels,
        "INPUTS": height * width * channels,
        "OUTPUTS": len(model.classes),
        "WORK_BYTES": made.described.work,
        "WEIGHT_BYTES": made.weights,
        "OUTPUT_NAMES": strings(model.classes),
        "SELF_TEST_TOLERANCE": number(tolerance),
    }
    normalisation = _normalisation(model)
    if normalisation is not None:
        values["MEAN"], values["STD"] = numbers(normalisation.mean), numbers(normalisation.std)
    if isinstance(model.task, MultiLabel):
        values["THRESHOLD"] = number(model.task.threshold)
    for key, value in values.items():
        yield f"#define {big}_{key} {value}"


def _functions(name: str, *, meaning: Meaning, dtype: PixelType) -> Iterator[str]:
    big, kind = name.upper(), "uint8_t" if dtype == "uint8" else "float"
    gives = (
        "The index of the largest output, the first of several." if meaning == "scores" else "0."
    )
    yield (
        "/* Compute the outputs of one picture.\n"
        f"   input: {big}_INPUTS pixels; output: {big}_OUTPUTS floats, written.\n"
        f"   Returns: {gives} */\n"
        f"int {name}_run(const {kind} *input, float *output);"
    )
    if meaning != "numbers":
        what = "their softmax, which adds up to 1" if meaning == "scores" else "the sigmoid of each"
        yield (
            f"/* Make probabilities of {big}_OUTPUTS logits, in place: {what}. */\n"
            f"void {name}_probabilities(float *values);"
        )
    yield (
        "/* Compute stored pictures. Returns the largest difference to stored outputs, NaN if one\n"
        f"   is NaN; rounding explains up to {big}_SELF_TEST_TOLERANCE. */\n"
        f"float {name}_self_test(void);"
    )
