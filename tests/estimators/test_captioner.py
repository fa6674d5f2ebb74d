"""The image captioner: it learns, writes, is judged, and is the same again."""

from __future__ import annotations

import pickle
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.architectures.captioner import (
    LOGITS,
    LOOKED,
    PLACES,
    WORDS,
    WORDS_GRAPH,
    CaptionerSize,
    captioner,
    features_of,
    last_map,
)
from pellucid.data.captions import Captions
from pellucid.data.dataset import Dataset
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.engines.batches import forward
from pellucid.errors import ArgumentError, DataError, FileFormatError, PellucidError, ShapeError
from pellucid.estimators import load_estimator
from pellucid.evaluation.predictions import dataset_predictions
from pellucid.files import Model, model_bytes, save_model
from pellucid.files.model_file import model_from_bytes
from pellucid.graph import Network, initial_weights
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, Normalise, ReLU, Sequential
from pellucid.tasks import Captioning
from pellucid.tasks.caption_search import log_likelihoods, write_captions
from pellucid.tasks.captioning import END, UNKNOWN, beginnings
from pellucid.transfer.features import FeatureReader
from tests.messages import check_line
from tests.training.runs import Death, Died

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.tasks.caption import Caption
    from pellucid.training import Progress

SIDE = 12
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 220)}


def pictures(count: int = 48) -> tuple[np.ndarray, list[list[str]]]:
    """Squares and bars of three colours, with two captions each."""
    random = np.random.default_rng(0)
    images = random.integers(110, 130, (count, SIDE, SIDE, 3)).astype(np.uint8)
    captions = []
    for n, image in enumerate(images):
        colour, shape = list(COLOURS)[n % 3], ("square", "bar")[n // 3 % 2]
        y, x = random.integers(0, 7, 2)
        image[y : y + 4, x : x + 4 if shape == "square" else SIDE] = COLOURS[colour]
        captions.append([f"A {colour} {shape}.", f"here is a {colour} {shape}"])
    return images, captions


def body_model() -> Model:
    """A body of chance: what colours and edges there are is in its features all the same."""
    layers = [
        Normalise([127.5] * 3, [60.0] * 3),
        Conv2D(10, 3, stride=2, padding="same"),
        ReLU(),
        Conv2D(12, 3, stride=2, padding="same"),
        ReLU(),
        Flatten(),
        Dense(2),
    ]
    graph = Sequential(layers).graph((SIDE, SIDE, 3))
    network = Network(graph, initial_weights(graph, 1))
    return Model(network, ("a", "b"), Preprocessing(SIDE, SIDE, 3))


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("body") / "body.safetensors"
    save_model(path, body_model())
    return path


class DeathInSteps(Death):
    """Counts no progress of what the body sees."""

    def after_step(self, progress: Progress) -> None:
        if not progress.doing:
            super().after_step(progress)


def several(model: pl.ImageCaptioner, images: np.ndarray, beam: int | None = None) -> list[Caption]:
    found = model.captions(images, beam=beam)
    assert isinstance(found, list)
    return found


def task_of(model: pl.ImageCaptioner) -> Captioning:
    task = model.model_.task
    assert isinstance(task, Captioning)
    return task


def made(body: Path, **settings: Any) -> pl.ImageCaptioner:
    given = {
        "epochs": 2, "batch_size": 16, "embedding": 6, "hidden": 10, "dropout": 0.1,
        "engine": "reference", "verbose": 0, "learning_rate": 0.01,
    }  # fmt: skip
    return pl.ImageCaptioner(body, **{**given, **settings})


@pytest.fixture(scope="module")
def fitted(body: Path) -> pl.ImageCaptioner:
    images, captions = pictures(36)
    return made(body).fit(
        images[:24], captions[:24], validation_data=(images[24:], captions[24:]), cache=False
    )


def test_it_learns_what_is_to_be_seen(body: Path) -> None:
    images, captions = pictures(60)
    model = made(body, epochs=12, hidden=24, learning_rate=0.02)
    model.fit(images[:48], captions[:48], cache=False)
    report = model.evaluate(images[48:], captions[48:])
    assert report.score > 0.5
    assert report.shuffled is not None
    assert report.shuffled < 0.75 * report.score  # the picture matters
    assert {each.name for each in report.baselines} == {
        "the nearest picture's caption", "the most frequent caption", "the best constant caption",
    }  # fmt: skip
    assert report.baselines[2].beaten > 0.95
    colours = [set(text.split()) & set(COLOURS) for text in model.predict(list(images[48:]))]
    right = [words == {list(COLOURS)[n % 3]} for n, words in enumerate(colours, start=48)]
    assert np.mean(right) > 0.5  # a third by chance


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("power", [0.0, 0.7, 1.0, 2.0])
def test_a_wide_beam_finds_the_best_of_all_captions(cell: str, power: float) -> None:
    task = Captioning(("a", "b", "c"), length=4, length_power=power)
    body, random = body_model().network, np.random.default_rng(3)
    made = captioner(body, task.vocabulary, task.length, CaptionerSize(5, 8, 6, cell), seed=2)
    weights = {
        name: random.normal(0.0, 0.9, array.shape).astype(np.float32)
        if name.startswith("caption-") and array.ndim
        else array
        for name, array in made.network.weights.items()
    }
    network = Network(made.network.graph, weights, made.network.graphs)
    program = get_engine("reference").load(network)
    places = random.normal(0.0, 1.0, (3, *network.graph.output_shape)).astype(np.float32)
    graph = network.graphs[WORDS_GRAPH]
    texts = [each for n in (1, 2, 3) for each in product((2, 3, 4), repeat=n)]
    wanted = np.full((len(texts), task.length), -1)
    for row, text in zip(wanted, texts, strict=True):
        row[: len(text) + 1] = (*text, END)
    found = write_captions(program, graph, task, places, beam=100)
    for place, caption in zip(places, found, strict=True):
        same = np.broadcast_to(place, (len(texts), *place.shape))
        likely = log_likelihoods(program, graph, same, wanted)
        ranks = likely / np.array([len(text) + 1 for text in texts]) ** power
        assert caption.words == task.text_of(texts[int(ranks.argmax())])
        assert caption.log_probability == pytest.approx(likely[ranks.argmax()], abs=1e-5)


def test_the_search_does_not_end_with_the_short_captions() -> None:
    """Two of one word are finished first; one of many words has the higher mean."""
    task = Captioning(("a", "b"), length=12, beam=2)
    made = captioner(body_model().network, 4, 12, CaptionerSize(5, 8, 6, "lstm"))

    class Fixed:
        def run(self, graph: object, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            shares = np.full((12, 4), 1e-6)
            shares[0, 2:] = 0.5
            shares[1, [END, 2]] = 0.6, 0.4
            shares[2:, [END, 2]] = 0.01, 0.99
            rows = len(feeds[WORDS])
            return {
                LOGITS: np.broadcast_to(np.log(shares), (rows, 12, 4)),
                LOOKED: np.full((rows, 12, 9), 1 / 9),
            }

    places = np.zeros((1, 3, 3, 6), np.float32)
    (found,) = write_captions(Fixed(), made.network.graphs[WORDS_GRAPH], task, places)  # type: ignore[arg-type]
    assert len(found.words) == 11
    mean = found.log_probability / 12
    assert mean > np.log(0.5 * 0.6) / 2


def test_one_beginning_takes_the_likeliest_word_each_time(fitted: pl.ImageCaptioner) -> None:
    images, _ = pictures(6)
    program, task = fitted._learned.program, task_of(fitted)
    graph = fitted.model_.network.graphs[WORDS_GRAPH]
    places = forward(program, images)
    for place, caption in zip(places, several(fitted, images, beam=1), strict=True):
        words = np.zeros((1, task.length), np.int64)
        for step in range(task.length - 1):
            logits = program.run(graph, {PLACES: place[None], WORDS: words})[LOGITS][0, step]
            logits[UNKNOWN] = -np.inf
            if step == 0:
                logits[END] = -np.inf
            if (best := int(logits.argmax())) == END:
                break
            words[0, step + 1] = best
        assert caption.words == task.text_of(words[0])


def test_history_ranks_by_bleu(fitted: pl.ImageCaptioner) -> None:
    for row in fitted.history_:
        assert list(row.measures) == ["bleu4", "bleu1"]
        assert row.validation_loss is not None
    best = max(row.measures["bleu4"] for row in fitted.history_)
    epoch = fitted.model_.provenance["results"]["epoch"]
    assert fitted.history_[epoch - 1].measures["bleu4"] == best


def test_the_body_stays_as_it_is(fitted: pl.ImageCaptioner) -> None:
    own = body_model().network.weights
    found = fitted.model_.network.weights
    kept = [name for name in own if name in found]
    assert len(kept) == 4
    for name in kept:
        np.testing.assert_array_equal(own[name], found[name])


def test_a_file_holds_all_that_writes(fitted: pl.ImageCaptioner, tmp_path: Path) -> None:
    images, _ = pictures(4)
    path = tmp_path / "model.safetensors"
    fitted.save(path)
    loaded = load_estimator(path, engine="reference")
    assert isinstance(loaded, pl.ImageCaptioner)
    assert loaded.predict(images) == fitted.predict(images)
    (one,), (other,) = several(loaded, images[:1]), several(fitted, images[:1])
    np.testing.assert_array_equal(one.looked, other.looked)
    assert one.log_probability == other.log_probability
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    assert again.predict(images) == fitted.predict(images)


@pytest.mark.parametrize("steps", [1, 3, 4])
def test_a_run_that_is_broken_off_goes_on_with_the_same_bits(
    steps: int, tmp_path: Path, body: Path, fitted: pl.ImageCaptioner
) -> None:
    images, captions = pictures(36)  # 3 steps an epoch
    given: dict[str, Any] = {"validation_data": (images[24:], captions[24:]), "cache": False}
    with pytest.raises(Died):
        made(body).fit(
            images[:24], captions[:24], out=tmp_path / "run", minutes=0,
            watchers=[DeathInSteps(steps)], **given,
        )  # fmt: skip
    again = made(body).fit(images[:24], captions[:24], out=tmp_path / "run", resume=True, **given)
    for name, array in fitted.model_.network.weights.items():
        np.testing.assert_array_equal(again.model_.network.weights[name], array)
    for one, other in zip(again.history_, fitted.history_, strict=True):
        assert (one.loss, one.measures) == (other.loss, other.measures)
    loaded = pl.ImageCaptioner.load(tmp_path / "run", engine="reference")
    assert loaded.predict(images[:3]) == fitted.predict(images[:3])


def steps_of(model: pl.ImageCaptioner, images: np.ndarray, words: np.ndarray) -> Any:
    places = forward(model.program_, images)
    graph = model.model_.network.graphs[WORDS_GRAPH]
    return places, graph, model.program_.run(graph, {PLACES: places, WORDS: words})


def test_the_search_finds_the_likeliest_caption_of_all(fitted: pl.ImageCaptioner) -> None:
    """With a beam as wide as there are captions, against all captions of two words at most."""
    images, _ = pictures(2)
    task = task_of(fitted)
    short = Captioning(task.words, task.length, beam=1, length_power=0.0)
    places = forward(fitted.program_, images)
    graph = fitted.model_.network.graphs[WORDS_GRAPH]
    known = range(2, task.vocabulary)
    every = [[a] for a in known] + [[a, b] for a in known for b in known]
    wanted = np.full((len(every), task.length), -1, np.int64)
    for row, words in zip(wanted, every, strict=True):
        row[: len(words) + 1] = [*words, END]
    for i in range(2):
        rows = np.repeat(places[i : i + 1], len(every), axis=0)
        likely = log_likelihoods(fitted.program_, graph, rows, wanted)
        found = write_captions(fitted.program_, graph, short, places[i : i + 1], beam=100)[0]
        assert found.log_probability >= likely.max() - 1e-6  # longer ones may be likelier still
        own = np.full((1, task.length), -1, np.int64)
        own[0, : len(found.words) + 1] = task.places(found.words)
        again = log_likelihoods(fitted.program_, graph, places[i : i + 1], own)
        assert found.log_probability == pytest.approx(again[0], rel=1e-6)
        assert found.looked.shape == (len(found.words), 3, 3)
        np.testing.assert_allclose(found.looked.sum(axis=(1, 2)), 1.0, rtol=1e-5)


def test_greedy_takes_the_likeliest_word_each_time(fitted: pl.ImageCaptioner) -> None:
    images, _ = pictures(3)
    task = task_of(fitted)
    for picture, found in zip(images, several(fitted, images, 1), strict=True):
        words = np.zeros((1, task.length), np.int64)
        for step in range(task.length):
            _, _, outputs = steps_of(fitted, picture[np.newaxis], words)
            logits = outputs[LOGITS][0, step].copy()
            logits[UNKNOWN] = -np.inf
            if step == 0:
                logits[END] = -np.inf
            best = int(logits.argmax()) if step < task.length - 1 else END
            if best == END:
                break
            assert task.text_of([best])[0] == found.words[step]
            words[0, step + 1] = best
        assert len(found.words) == step


def test_likelihoods_are_those_of_torch(fitted: pl.ImageCaptioner) -> None:
    images, captions = pictures(3)
    task = task_of(fitted)
    data = Dataset(images, targets=Captions.of(captions))
    wanted = np.asarray(task.targets(data, slice(None)))[:, 0]
    places, graph, outputs = steps_of(fitted, images, beginnings(wanted))
    each = torch.nn.functional.cross_entropy(
        torch.tensor(outputs[LOGITS]).transpose(1, 2), torch.tensor(wanted),
        ignore_index=-1, reduction="none",
    )  # fmt: skip
    found = log_likelihoods(fitted.program_, graph, places, wanted)
    np.testing.assert_allclose(found, -each.sum(1).numpy(), rtol=1e-5)
    assert outputs[LOOKED].shape == (3, task.length, 9)


def test_lstm_and_another_engine(body: Path, tmp_path: Path) -> None:
    images, captions = pictures(12)
    own = {"cell": "lstm", "least_count": 2, "beam": 3}
    model = made(body, epochs=1, engine="torch", **own).fit(images, captions, cache=False)
    assert isinstance(model.predict(images[0]), str)
    model.save(tmp_path / "model.safetensors")
    loaded = pl.ImageCaptioner.load(tmp_path / "model.safetensors").get_params()
    wanted = {**own, "embedding": 6, "hidden": 10, "dropout": 0.1}
    assert {name: loaded[name] for name in wanted} == wanted


@pytest.mark.parametrize("engine", ["native", "torch"])
def test_engines_agree(engine: str, fitted: pl.ImageCaptioner, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.safetensors")
    other = pl.ImageCaptioner.load(tmp_path / "model.safetensors", engine=engine)
    images, _ = pictures(3)
    for one, two in zip(several(fitted, images), several(other, images), strict=True):
        assert one.words == two.words
        assert one.log_probability == pytest.approx(two.log_probability, rel=1e-4)


def test_where_a_body_is_cut() -> None:
    plain = Sequential([Conv2D(8, 3), ReLU(), Flatten(), Dense(2)]).graph((8, 8, 3))
    assert last_map(plain) == "relu1"
    wide = [Conv2D(8, 3, name="a"), Conv2D(16, 1, name="b"), BatchNorm(), ReLU(), Flatten()]
    assert last_map(Sequential([*wide, Dense(2)]).graph((8, 8, 3))) == "a"
    with pytest.raises(ShapeError, match="no map"):
        last_map(Sequential([Flatten(), Dense(2)]).graph((8, 8, 3)))


def test_what_the_body_sees_is_what_is_learned_from(fitted: pl.ImageCaptioner) -> None:
    graph = features_of(fitted.model_.network.graph)
    assert graph.output_shape == (3, 3, 12)
    assert last_map(body_model().network.graph) in graph.shapes


def test_what_is_refused(body: Path, fitted: pl.ImageCaptioner, tmp_path: Path) -> None:
    images, captions = pictures(6)
    for call, kind in (
        (lambda: made(body).fit(images, captions[:3]), DataError),
        (lambda: made(body).fit(images, [1] * 6), DataError),
        (lambda: made(body, least_count=100).fit(images, captions), DataError),
        (lambda: made(body, cell="rnn").fit(images, captions), ArgumentError),
        (lambda: made(body, dropout=1.0).fit(images, captions), ArgumentError),
        (lambda: made(body, beam=0).fit(images, captions), ArgumentError),
        (lambda: made(tmp_path / "none").fit(images, captions), PellucidError),
        (lambda: made(body).fit(images, np.arange(6)), PellucidError),
        (lambda: pl.ImageClassifier(epochs=1).fit(
            Dataset(images, targets=Captions.of(captions))), DataError),
        (lambda: fitted.captions(images[0], beam=101), ArgumentError),
        (lambda: fitted.evaluate(images, [[""]] * 6), DataError),
    ):  # fmt: skip
        with pytest.raises(kind) as caught:
            call()
        check_line(caught.value, 400)


def test_a_body_that_gives_no_numbers(body: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_numbers(self: FeatureReader, images: np.ndarray, *_: object) -> np.ndarray:
        return np.full((len(images), *self.body.network.graph.output_shape), np.nan, np.float32)

    monkeypatch.setattr(FeatureReader, "read_maps", no_numbers)
    made = pl.ImageCaptioner(body, least_count=1, epochs=1, verbose=0)
    with pytest.raises(ArgumentError, match="not finite"):
        made.fit(*pictures(6))


def test_one_picture_without_an_answer(
    fitted: pl.ImageCaptioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, captions = pictures(3)
    data = Dataset(images, targets=Captions.of(captions))
    names = ["a", "b", "c"]
    whole = list(dataset_predictions(fitted, data, names))

    def broken(*given: Any) -> np.ndarray:
        found = forward(*given)
        found[1, 0, 0] = np.inf
        return found

    monkeypatch.setattr("pellucid.evaluation.predictions.forward", broken)
    found = list(dataset_predictions(fitted, data, names))
    assert [each.answered for each in found] == [True, False, True]
    assert [str(found[k].caption) for k in (0, 2)] == [str(whole[k].caption) for k in (0, 2)]
    assert found[1].problem.startswith("b: ")


def test_a_file_without_its_second_graph_is_refused(fitted: pl.ImageCaptioner) -> None:
    model = fitted.model_
    weights = {str(n): model.network.weights[str(n)] for n in model.network.graph.parameters}
    with pytest.raises(ArgumentError, match="words"):
        Model(Network(model.network.graph, weights), model.task, model.preprocessing)
    shorter = Captioning(task_of(fitted).words, task_of(fitted).length + 1)
    with pytest.raises(ArgumentError, match="words"):
        Model(model.network, shorter, model.preprocessing)
    data = model_bytes(model)
    assert isinstance(model_from_bytes(data, "file").task, Captioning)
    with pytest.raises(FileFormatError):
        model_from_bytes(data.replace(b'\\"words\\":{', b'\\"wordz\\":{'), "file")


def test_words_that_are_seldom_are_not_known() -> None:
    task = Captioning.of(Captions.of([["a dog", "a dog"], "a dog a cat"]))
    assert task.words == ("a", "dog")
    assert task.places(["a", "cat", "dog"]) == [2, UNKNOWN, 3, END][: task.length]
    data = Dataset(
        np.zeros((2, 4, 4, 3), np.uint8), targets=Captions.of([["a dog", "A cat!"], "dog"])
    )
    wanted = np.asarray(task.targets(data, slice(None)))
    assert wanted.shape == (2, 2, task.length)
    assert wanted[0, 1, :3].tolist() == [2, UNKNOWN, END]
    assert (wanted[1, 1] == -1).all()
    assert beginnings(wanted)[0, 1, :3].tolist() == [END, 2, UNKNOWN]
