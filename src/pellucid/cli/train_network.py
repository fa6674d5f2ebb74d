"""Training a network that looks at pictures, from the data to the report."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import option_values
from pellucid.cli.engine_options import ranks_line
from pellucid.cli.kept_run import fit_kept, kept_in
from pellucid.cli.leakage import ONE_CLASS, check_allowed, leakage_notes, picture_root
from pellucid.cli.learning_rate import learning_rate_line
from pellucid.cli.run_report import best_chance, judge, write_quarantined
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.cli.transfer_notes import (
    body_hint,
    copies_line,
    head_line,
    judge_by_folds,
    learned_and_held,
)
from pellucid.data.captions import Captions
from pellucid.engines import get_engine
from pellucid.text import counted, folder_name, printable
from pellucid.training.saved_run import reading_options

if TYPE_CHECKING:
    from pellucid.cli.estimator_options import Estimator
    from pellucid.cli.train_options import TrainOptions
    from pellucid.data.dataset import Splits
    from pellucid.training.diagnosis import Diagnosis
    from pellucid.transfer.out_of_fold import FoldsJudgement


def train_network(
    options: TrainOptions,
    completed: TrainOptions,
    known: str | None,
    *,
    out: Path | None,
    overwrite: bool,
    resume: Path | None,
    json: bool,
) -> None:
    """Read the pictures, train, judge, and report what came of it.

    Args:
        options: As they were given, which the run keeps.
        completed: With the values that a run took which is resumed.
        known: The task of the data as far as it is known before they are read.
        out: The run's folder; none: one in ``runs``.
        overwrite: Whether that may hold a run already.
        resume: The folder of a run to go on with.
        json: Whether the result is printed as JSON.
    """
    from pellucid.training.progress import ProgressBar

    console, source, allowed = remarks(), options.data or "", check_allowed(options.allow)
    ranks = get_engine(completed.engine).join()
    with ranks.leader_first():  # the others find what it has decoded
        options, splits, notes = _read(options, completed.estimator(known), allowed, resume)
    model = completed.estimator(splits.train.kind)  # known only now
    line = _say_start(options, model, splits, source, resume)
    run = f"{folder_name(source)}-{options.architecture or model.architecture}"
    folder = kept_in(out, resume, run)
    recipe = model.planned_recipe(splits.train)
    if (shared := ranks_line(ranks, recipe.batch_size, options.engine)) is not None:
        console.print(shared)
    if recipe.epochs > recipe.head_epochs:
        console.print(learning_rate_line(model, splits.train))
    bar = ProgressBar(recipe.epochs, console, splits.train.noun)
    finish = _Finish(options, splits, source, folder, notes, line, bar)
    fit_kept(
        model, splits, folder, options, bar,
        validation_data=splits.validation, overwrite=overwrite, resume=resume is not None,
        allow_one_class=ONE_CLASS in allowed, finish=finish, cache=options.cache,
    )  # fmt: skip
    if ranks.leads:
        _say_result(model, finish, recipe.epochs, json=json)


def _read(
    options: TrainOptions, model: Estimator, allowed: tuple[str, ...], resume: Path | None
) -> tuple[TrainOptions, Splits, tuple[str, ...]]:
    """The pictures, in parts; the options with the size that they have; and remarks, printed."""
    from pellucid.data import BUILTIN
    from pellucid.data.load import read_splits
    from pellucid.training.same_decisions import check_same_decisions
    from pellucid.training.saved_run import read_saved_run
    from pellucid.training.start import resumed

    console, source = remarks(), options.data or ""
    size = model.reading_size(source)
    reading = options.reading(model.max_pixels)
    saved = None if resume is None else read_saved_run(resume)
    if saved is not None and resume is not None:
        check_same_decisions(reading.decisions, saved.provenance, printable(resume))
    like = model.reading_like(None if saved is None else resumed(saved))
    kept_size = size if like is None else like.shape
    heard = like is not None and like.sound is not None
    if (
        model.start_from is not None and kept_size is not None and not heard
    ):  # resuming may not find the model
        options = replace(options, image_size=f"{kept_size[0]}x{kept_size[1]}")
    splits = read_splits(
        source,
        reading,
        image_size=size,
        validation=None if options.validation is None else option_values.share(options.validation),
        seed=options.seed,
        classes=options.classes,
        allow_one_class=ONE_CLASS in allowed,
        task=options.task,
        like=like,
    )
    notes = splits.notes
    if source not in BUILTIN:
        notes += leakage_notes(splits, printable(source), allowed, picture_root(source))
    for note in notes:
        console.print(note)
    console.print(f"task: {splits.train.targets.title}")
    return options, splits, notes


def _say_start(
    options: TrainOptions, model: Estimator, splits: Splits, source: str, resume: Path | None
) -> str | None:
    """Print where training starts; return that line, none of a start from scratch."""
    from pellucid.data import BUILTIN
    from pellucid.transfer.out_of_fold import check_folds as check_folds_of_data

    console, line = remarks(), None if resume is not None else model.start_line(splits.train)
    if line is not None:
        console.print(line)
    if line is not None and model.pretrained is None:
        height, width, channels = splits.train.image_shape
        own = model.reading_size(source) is None
        kept = "the data's own" if own else "the model's unless --image-size is given"
        console.print(
            f"pictures: {width}×{height}, {'grey' if channels == 1 else 'colour'} (size: {kept}; "
            "channels: the data's)"
        )
    if options.folds is not None:
        check_folds_of_data(*learned_and_held(splits), options.folds)
    if resume is None and line is None and source not in BUILTIN:
        hint = body_hint(splits, source, picture_root(source))
        if hint is not None:
            console.print(hint)
    return line


@dataclass
class _Finish:
    """What is done with the fitted network while nobody else can write in the run's folder.

    Attributes:
        diagnoses: What stands out in its report.
        folds: The judgement by folds, if one was asked for.
    """

    options: TrainOptions
    splits: Splits
    source: str
    folder: Path
    notes: tuple[str, ...]
    line: str | None
    bar: Any
    diagnoses: tuple[Diagnosis, ...] = ()
    folds: list[FoldsJudgement] = field(default_factory=list)
    _doing: str = field(default="", init=False)

    def __call__(self, fitted: Estimator) -> None:
        from pellucid.training import Stopped

        self.bar.close()
        # of a run that was killed before it could
        write_quarantined(self.folder, self.splits.quarantined)
        self._doing = "near copies were looked for"
        try:
            self._judge(fitted)
        except KeyboardInterrupt as stopped:
            command = shlex.join(["pellucid", "train", "--resume", os.fspath(self.folder)])
            raise Stopped(
                f"stopped while {self._doing}; the model is whole, go on with: {command}",
                getattr(stopped, "code", 130),
            ) from stopped

    def _judge(self, fitted: Estimator) -> None:
        from pellucid.data import BUILTIN

        options, splits, made = self.options, self.splits, list[str]()

        def say(words: str | None) -> None:
            """For the terminal and for the report."""
            if words is not None:
                remarks().print(words)
                made.append(words)

        say(head_line(fitted))
        with_features = options.pretrained is not None and splits.train.kind != Captions.kind
        if with_features and self.source not in BUILTIN and splits.validation:
            say(copies_line(self.folder, self.source, options.pretrained or ""))
        self._doing = "the folds were judged"
        if options.folds is not None:
            self.folds.append(judge_by_folds(fitted, splits, self.folder, options.folds))
            say(f"cross-validation of the head, {self.folds[0]}")
        if not options.report:
            return
        if self.line is not None:
            made.insert(0, self.line)
        self._doing = "the report was made"
        self.diagnoses = judge(
            fitted, splits, self.folder, [*self.notes, *made], self.source, options.max_bytes
        )


def _say_result(model: Estimator, done: _Finish, planned: int, *, json: bool) -> None:
    """Print what came of it.

    Args:
        model: The fitted estimator.
        done: What was done with it at last.
        planned: How many epochs there were to be.
        json: Whether it is printed as JSON.
    """
    from pellucid.training.history import judged_by
    from pellucid.training.run_folder import RunFolder

    console, options, splits = remarks(), done.options, done.splits
    best = model.model_.provenance["results"]
    validated = best_chance(model, splits)
    if json:
        print_json(_values(model, done, validated))
        return
    if (learned := len(model.history_)) < planned:
        waited = counted(learned - best["epoch"], "epoch")
        console.print(f"stopped early: {waited} without a better validation")
    if validated is not None and not options.report:
        console.print(f"{printable(validated[0])}: {validated[1]}")
    elif not options.report and (words := judged_by(model.history_[best["epoch"] - 1])):
        console.print(f"validation: {words.removeprefix(', ')}")
    results().print(f"model: {printable(done.folder / RunFolder.MODEL)} (epoch {best['epoch']})")
    if splits.test is not None:
        reading = reading_options(vars(options))
        command = shlex.join(["pellucid", "evaluate", str(done.folder), done.source, *reading])
        console.print(f"judge it: {printable(command)}")


def _values(model: Estimator, done: _Finish, validated: Any) -> dict[str, Any]:
    """The result as JSON values."""
    from pellucid.data.make_splits import class_counts
    from pellucid.training.run_folder import RunFolder

    splits = done.splits
    parts = [part for part in (splits.train, splits.validation, splits.test) if part is not None]
    return {
        "model": str(done.folder / RunFolder.MODEL),
        "task": splits.train.kind,
        "best": model.model_.provenance["results"],
        "validation": None if validated is None else validated[1].to_dict(),
        "folds": done.folds[0].to_dict() if done.folds else None,
        "classes": class_counts(parts),
        "history": [row.to_dict() for row in model.history_],
        "quarantined": len(splits.quarantined),
        "diagnoses": [each.to_dict() for each in done.diagnoses],
    }
