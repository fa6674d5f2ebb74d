"""Pages of runs that write captions and that make pictures, as their training goes on and again.

``write(FOLDER)`` trains both for two epochs, and writes of each ``following-NAME.html``, which
follows the training, with ``following-NAME-N.bin``, the weights after each epoch as a lab serves
them; ``replayed-NAME.html``, which shows it again; and ``following-NAME.json``, what Python makes
of these weights.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ImageCaptioner, ImageGenerator
from pellucid.engines import get_engine
from pellucid.estimators.live_page import live_page
from pellucid.explain.generated import score_model
from pellucid.files import save_model
from pellucid.page import Feed
from pellucid.page.weights import page_weights, weights_bytes
from pellucid.training.replay import read_replay
from pellucid.training.snapshot import with_weights
from tests.estimators.test_captioner import body_model, pictures
from tests.estimators.test_generator import pictures as squares

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.files import Model

SAMPLES = 2


@dataclass(frozen=True)
class Case:
    """A run.

    Attributes:
        train: Trains it in a folder.
        page: The page of what was trained, with its replay, of a folder.
        made: What Python makes of the network, for the first of the page's samples.
    """

    train: Callable[[Path], Any]
    page: Callable[[Any, Path], Any]
    made: Callable[[Any, Model], dict[str, Any]]


def _captioner(run: Path) -> ImageCaptioner:
    images, captions = pictures(24)
    body = run.with_name("body.safetensors")
    save_model(body, body_model())
    made = ImageCaptioner(
        body, epochs=2, batch_size=8, seed=1, engine="reference", embedding=6, hidden=10,
        learning_rate=0.05,
    )  # fmt: skip
    return made.fit(images, captions, out=run, replay=True)


def _written(captioner: ImageCaptioner, model: Model) -> dict[str, Any]:
    """The greedy caption of the page's first picture."""
    page = type(captioner)._of_model(model, "run", "native").page(samples=SAMPLES)
    expected = page.data["captions"]["expected"][0]
    return {"words": expected["words"], "probabilities": expected["probabilities"]}


def _generator(run: Path) -> ImageGenerator:
    made = ImageGenerator(
        epochs=2,
        batch_size=16,
        width=4,
        latent=8,
        engine="reference",
        ema=None,
        verbose=0,
        learning_rate=3e-3,
    )
    return made.fit(squares(), out=run, replay=True)


def _drawn(generator: ImageGenerator, model: Model) -> dict[str, Any]:
    """The score of the page's first picture, and its pixels in -1..1."""
    seen = score_model(model)
    noise = generator.noise(SAMPLES, seed=0)[:1]
    values = get_engine("native").load(seen.network).values(noise)
    picture = values[model.network.graph.output][0]
    score = values[seen.network.graph.output][0]
    return {"outputs": score.tolist(), "picture": np.asarray(picture).ravel().tolist()}


CASES = {
    "captioner": Case(
        _captioner,
        lambda made, run: made.page(samples=SAMPLES, replay=run),
        _written,
    ),
    "generator": Case(_generator, lambda made, run: made.page(samples=SAMPLES, replay=run), _drawn),
}


def write(folder: Path) -> None:
    """Train both, and write their pages and what Python makes of the weights."""
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as place:
            run = Path(place) / "run"
            trained = case.train(run)
            case.page(trained, run).save(folder / f"replayed-{name}.html")
            opened = live_page(run, Feed("events", "weights"), samples=SAMPLES)
            (folder / f"following-{name}.html").write_bytes(opened.html())
            names = opened.page.data["weights"]["names"]
            kept, facts = read_replay(run), []
            assert kept is not None
            for number, epoch in enumerate(kept.epochs):
                model = with_weights(trained.model_, kept.snapshot(epoch))
                content = weights_bytes(names, page_weights(model))
                (folder / f"following-{name}-{number}.bin").write_bytes(content)
                facts.append({"epoch": epoch, **case.made(trained, model)})
            (folder / f"following-{name}.json").write_text(json.dumps({"moments": facts}), "utf-8")
