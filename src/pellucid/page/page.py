"""A page: everything that a browser needs to compute a network, collected and written."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from html import escape
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.gallery import GALLERY
from pellucid.explain.last_convolution import default_layer
from pellucid.explain.update_rule import UpdateRule
from pellucid.files.atomic import write_file
from pellucid.graph import check_reals
from pellucid.graph.fold import fold
from pellucid.ops.rescale import Rescale
from pellucid.page.blobs import Blobs, planes
from pellucid.page.captions import PagedCaptioner
from pellucid.page.graph_data import ShownGraph
from pellucid.page.html import page_html
from pellucid.page.programs import all_weights, inspecting_data
from pellucid.page.self_test import self_test_data
from pellucid.page.slides import slides_data
from pellucid.page.variants import swapped_poolings, variant_data
from pellucid.page.weights import page_weights
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning, Detection, MultiLabel, Transcription, check_row
from pellucid.tasks.transcript import step_seconds
from pellucid.text import printable
from pellucid.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from pellucid.files import Model
    from pellucid.graph import Graph
    from pellucid.page.generated import Generated
    from pellucid.page.learning import Lesson
    from pellucid.page.replay import PageReplay
    from pellucid.page.samples import Samples

FORMAT = 1

Language = Literal["en", "ko"]

MOST_BYTES = 60_000_000
"""Bytes of weights that a page takes without being asked: base64 makes four of three."""


@dataclass(frozen=True)
class Feed:
    """Where an open page finds the weights of a training, by addresses relative to its own.

    Attributes:
        events: A stream of server-sent events: ``weights`` (a new snapshot: its ``number``,
            ``step`` and ``epoch``), ``progress`` (how far the training is, see
            :class:`pellucid.training.live.LiveProgress`), ``failed`` (why the training cannot be
            asked for its weights, ``error``; empty again once it can).
        weights: The newest weights, as :func:`pellucid.page.weights.weights_bytes` writes them.
            The headers ``Pellucid-Step`` and ``Pellucid-Epoch`` say of which moment they are; 204
            is the answer as long as there are none.
    """

    events: str
    weights: str


@short_repr
@dataclass(frozen=True, eq=False)
class Page:
    """A network's page.

    Attributes:
        title: What it is called.
        data: What it knows, as JSON values; see ``docs/page.md``.
        blobs: Bytes that these name: modules, weights, pictures.
        language: Of its texts at first.
        notes: What users should know of its pictures, and of what was left out, a line each.
    """

    title: str
    data: dict[str, Any]
    blobs: Blobs
    language: Language = "en"
    notes: tuple[str, ...] = ()

    def following(self, feed: Feed) -> Page:
        """The same page as one that follows a training while it is open; only a lab can serve it.

        Args:
            feed: Where it finds the training's weights.
        """
        return replace(self, data={**self.data, "live": asdict(feed)})

    def to_html(self) -> str:
        """The page as one HTML file, which needs nothing else."""
        return page_html(self.title, self.language, self.data, self.blobs)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page.

        Raises:
            ArgumentError: If it follows a training, which it can only where a lab serves it.
            OutputError: If it cannot be written; an earlier file there is then untouched.
        """
        if self.data.get("live") is not None:
            raise ArgumentError(
                "a page that follows a training works only where a lab serves it, and is not "
                "saved; save the run's own page (pellucid page RUN)"
            )
        write_file(path, self.to_html().encode())

    def _repr_html_(self) -> str:
        """The page within a notebook, in a frame of its own that can do nothing but compute."""
        content = escape(self.to_html(), quote=True)
        return (
            f'<iframe srcdoc="{content}" title="{escape(self.title, quote=True)}" '
            'sandbox="allow-scripts allow-downloads" width="100%" height="720" '
            'style="border:0"></iframe>'
        )


def make_page(
    model: Model,
    samples: Samples,
    *,
    lesson: Lesson | None = None,
    generated: Generated | None = None,
    replay: PageReplay | None = None,
    title: str = "",
    allow_large: bool = False,
    language: Language = "en",
    progress: Callable[[int, int], None] | None = None,
) -> Page:
    """Collect what a page needs.

    Args:
        model: The model.
        samples: Pictures that it brings along, at least one; the self-test computes the first.
        lesson: What it can learn; none: nothing.
        generated: Of a network that takes noise, what it makes; none of others.
        replay: The training that it shows again; none: none.
        title: What it is called; empty: by the model's answers.
        allow_large: Whether it may have more than 60 MB of weights.
        language: Of its texts at first.
        progress: Called with the number of programs compiled, and of all, after each.

    Raises:
        ArgumentError: It is quantised; there is a layer without compiled code, whose name is
            given; more weights than a page should have; or more memory than a page can.
    """
    captioner, whole = None, model
    if isinstance(model.task, Captioning):
        captioner = PagedCaptioner.of(model, samples.pixels)
        model = captioner.word
    check_row(model.task, "a page", boxes=True)
    network = model.network
    graph, weights = network.graph, network.weights
    check_reals(graph, "a page")
    _check_size(4 * sum(array.size for array in weights.values()), allow_large=allow_large)
    folded = fold(graph)
    shown = ShownGraph.of(network, model.task, folded)
    blobs = Blobs()
    swapped = [] if captioner else swapped_poolings(graph)
    step = _counter(progress, 2 * (1 + len(swapped)) + (lesson is not None))
    stored = page_weights(whole)
    floats = np.concatenate([np.zeros(0, np.float32), *(a.reshape(-1) for a in stored.values())])
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": __version__,
        "title": printable(title),
        "model": {
            **_model_data(model),
            **({} if generated is None else {"generated": generated.to_dict()}),
        },
        "learner": UpdateRule.of(model).to_dict(),
        "graph": {
            **shown.to_dict(all_weights(network, folded)),
            "cam": _cam_layer(shown.graph, captioner),
        },
        "weights": {
            "names": [[name, list(array.shape)] for name, array in stored.items()],
            "floats": blobs.add("weights", planes(floats)),
        },
        "programs": inspecting_data(network, folded, blobs, step),
        "variants": [
            variant_data(model, node, blobs, f"swap{number}-", step)
            for number, node in enumerate(swapped)
        ],
        "gallery": [
            {"name": kernel.name, "matrix": kernel.weights.tolist()} for kernel in GALLERY.values()
        ],
        "slides": slides_data(),
        "samples": samples.to_dict(blobs),
        "self_test": self_test_data(model, shown, samples.pixels[0]),
        "captions": captioner and captioner.data,
        "learn": None if lesson is None else lesson.to_dict(blobs),
    }
    if lesson is not None:
        step()
    if replay is not None:
        names = data["weights"]["names"]
        data["replay"] = replay.to_dict(names, blobs, allow_large=allow_large)
    return Page(printable(title) or "A network", data, blobs, language)


def _counter(progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    """Called after each step, with the number of all."""
    done = count(1)

    def step() -> None:
        if progress is not None:
            progress(next(done), total)

    return step


def _cam_layer(graph: Graph, captioner: PagedCaptioner | None) -> str | None:
    """The layer that Grad-CAM looks into; none without convolutions."""
    if captioner is not None:  # the last convolution is where a word looked
        return str(captioner.data["layers"]["sees"])
    if not any(node.operation.family == "convolution" for node in graph.nodes):
        return None
    return default_layer(graph)[1]


def _model_data(model: Model) -> dict[str, Any]:
    """What the answers mean, and how pictures are taken."""
    reading = model.task.reading
    units: dict[str, Any] = {}
    if isinstance(reading, Rescale):
        units = {"reading": {"scale": list(reading.scale), "shift": list(reading.shift)}}
    if isinstance(model.task, MultiLabel):
        units = {"threshold": model.task.threshold}
    if isinstance(model.task, Detection):
        found = model.task.reading
        names = ("size" if model.task.of_regions else "stride", "most", "least", "overlap")
        settings = {name: getattr(found, name) for name in names}
        units = {"boxes": {**settings, "shown": model.task.shown}}
    if isinstance(model.task, Transcription):
        sound = model.preprocessing.sound
        assert sound is not None  # a recognizer hears
        seconds = step_seconds(sound, model.network.graph.output_shape[-2])
        units = {"steps": {"units": model.task.units, "seconds": seconds}}
    return {
        **units,
        "task": model.task.kind,
        "names": [printable(name) for name in model.task.names],
        "preprocessing": model.preprocessing.to_dict(),
        "parameters": sum(array.size for array in model.network.weights.values()),
    }


def _check_size(size: int, *, allow_large: bool) -> None:
    if size > MOST_BYTES and not allow_large:
        raise ArgumentError(
            f"the network has {size / 1e6:.0f} MB of weights, a page takes {MOST_BYTES / 1e6:.0f}; "
            "make it anyway with --allow-large (allow_large=True)"
        )
