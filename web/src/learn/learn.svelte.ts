/** A learning as the page shows it: asked of the worker, and what the worker tells. */

import type { LearnData } from "../engine/data";
import { blob } from "../page/blobs";
import type { PageState } from "../state/page.svelte";
import type { Closed, Progress } from "../worker/learning";
import { PageWorker } from "../worker/start";
import { automaticBatchSize, batchesPerEpoch } from "./batches";
import { command } from "./command";
import { Kept } from "./kept";
import { modelFile } from "./model_file";
import { OwnPictures } from "./own.svelte";
import { picturesFile } from "./pictures_file";
import { openLesson, type Packed } from "./lesson";
import { Smooth } from "./smooth";
import type { Pictures, Settings } from "./trainer";

/** Of a learning whose number of epochs is not given. */
const LEAST_STEPS = 100;

/** Epochs that can be asked for. */
const MOST_EPOCHS = 100;

/** Where to pause by itself. */
export type Until = "end" | "epoch" | "step";

export type Status = "new" | "opening" | "running" | "paused" | "done" | "failed";

/** A finished epoch. */
export type Row = Omit<Closed, "weights">;

/** Pictures of one's own, by class. */
export interface Own {
  classes: string[];
  train: Pictures;
  judges: Pictures;
}

/** A change of the rate: from which step on, and by which factor. */
export interface Change {
  step: number;
  factor: number;
}

/** Which weights the page shows: as delivered, or those after an epoch. */
export type Shown = "delivered" | number;

export class LearnState {
  status = $state<Status>("new");
  /** What went wrong; empty where the loss grew beyond all bounds. */
  failure = $state("");
  seed = $state(0);
  epochs = $state(1);
  rateFactor = $state(1);
  /** Of the learning that is shown; null before the first. */
  settings = $state.raw<Settings | null>(null);
  own = $state.raw<Own | null>(null);
  /** Pictures that are gathered; they are learned once they are taken as `own`. */
  readonly pictures: OwnPictures;
  /** Steps taken; grows with `curve`. */
  steps = $state(0);
  rows = $state.raw<Row[]>([]);
  /** The watched weights after the last step. */
  private newest = $state.raw<Float32Array | null>(null);
  picturesPerSecond = $state(0);
  shown = $state<Shown>("delivered");
  keptEpochs = $state.raw<number[]>([]);
  changes: Change[] = [];

  /** The loss of every step, smoothed. */
  readonly curve: number[] = [];
  /** The array of weights that is watched as it forms, by name, and its shape. */
  readonly watchedName: string | null;
  readonly watchedShape: readonly number[] = [];

  private readonly kept = new Kept();
  private worker: PageWorker | null = null;
  private packed: Packed | null = null;
  private run = 0;
  private turn = 0;
  private smooth = new Smooth();

  constructor(
    readonly page: PageState,
    readonly data: LearnData,
  ) {
    this.seed = data.recipe.seed;
    this.epochs = data.recipe.epochs;
    this.pictures = new OwnPictures(page.data.model.names.length, data.head !== null);
    const watched = data.parameters.find(({ shape }) => shape.length === 4);
    this.watchedName = watched?.name ?? null;
    this.watchedShape = watched?.shape ?? [];
  }

  /** The peak of the schedule. */
  get peak(): number {
    return this.planned.rate;
  }

  get stepsPerEpoch(): number {
    const count = this.own?.train.labels.length ?? this.data.train.count;
    return batchesPerEpoch(count, this.planned.batchSize);
  }

  /** How the next learning is asked for; of one that has begun, how it was. */
  private get planned(): Settings {
    return this.settings ?? this.settingsOf();
  }

  setSeed(seed: number | null): void {
    this.seed = whole(seed, 0, 2 ** 32 - 1, this.data.recipe.seed);
  }

  setEpochs(epochs: number | null): void {
    this.epochs = whole(epochs, 1, MOST_EPOCHS, this.data.recipe.epochs);
  }

  /** The classes of what is learned. */
  get classes(): string[] {
    return this.own?.classes ?? this.page.data.model.names;
  }

  /** Go on; begin again where nothing is under way. */
  async go(until: Until): Promise<void> {
    if (this.status === "opening" || this.status === "running") return;
    const run = this.status === "paused" ? this.run : ++this.run;
    const turn = ++this.turn;
    try {
      if (this.status !== "paused") await this.begin();
      if (this.run !== run) return;
      this.status = "running";
      while (this.status === "running") {
        const asked = { single: until === "step", rateFactor: this.rateFactor };
        const progress = await this.worker!.ask("learn", asked);
        if (this.run !== run) return; // it was taken back on the way
        this.take(progress);
        if (this.turn !== turn) return; // it was paused, and goes on elsewhere
        const pauses = until === "step" || (until === "epoch" && progress.closed !== null);
        if (pauses && this.status === "running") this.status = "paused";
      }
    } catch (error) {
      if (this.run !== run) return;
      this.failure = error instanceof Error ? error.message : String(error);
      this.status = "failed";
    }
  }

  pause(): void {
    if (this.status === "running") this.status = "paused";
  }

  changeRate(factor: number): void {
    this.rateFactor = factor;
    if (this.status === "running" || this.status === "paused") {
      this.changes = [...this.changes, { step: this.steps, factor }];
    }
  }

  /** Forget what was learned; the page shows the weights that it was delivered with. */
  reset(): void {
    this.run++;
    this.status = "new";
    this.forget();
    this.show("delivered");
  }

  /** Learn the pictures that were gathered, in place of those of the page. */
  takeOwn(): void {
    if (this.pictures.missing) return;
    this.reset();
    const classes = this.pictures.classes.map(({ name }) => name.trim());
    this.own = { classes, ...this.pictures.divided() };
    const steps = batchesPerEpoch(this.own.train.labels.length, this.settingsOf().batchSize);
    this.epochs = Math.min(MOST_EPOCHS, Math.max(this.epochs, Math.ceil(LEAST_STEPS / steps)));
  }

  /** Learn the pictures of the page again. */
  takePacked(): void {
    this.reset();
    this.own = null;
    this.epochs = this.data.recipe.epochs;
  }

  /** The command with which Python repeats what has begun; none where nothing can. */
  get command(): string | null {
    if (!this.settings || this.changes.length) return null;
    return command(this.data.recipe, this.settings);
  }

  /** The watched weights of what the page shows: as they form, or as they were after an epoch. */
  get watched(): Float32Array | null {
    const { watchedName: name, shown } = this;
    if (name === null) return null;
    if (this.forming) return this.newest;
    const weights = shown === "delivered" ? this.page.delivered : this.kept.get(shown);
    return weights?.get(name) ?? null;
  }

  /** Whether what is watched is further on than the last epoch, which the page shows. */
  get forming(): boolean {
    const { keptEpochs, newest, shown, steps, stepsPerEpoch } = this;
    return newest !== null && shown === keptEpochs.at(-1) && steps > shown * stepsPerEpoch;
  }

  /** How the network that the page shows was judged; null where it was not. */
  get judged(): Row | null {
    return this.rows.find(({ epoch }) => epoch === this.shown) ?? null;
  }

  /** Whether surgery or a step has changed the page's network since. */
  get altered(): boolean {
    return this.page.surgery.changes.length > 0;
  }

  /** Show an epoch's weights everywhere in the page, or those that it was delivered with. */
  show(shown: Shown): void {
    const weights = shown === "delivered" ? this.page.delivered : this.kept.get(shown);
    if (!weights) return;
    this.shown = shown;
    this.page.surgery.undoAll(); // of other weights, whose network may have another pooling
    this.page.setClasses(shown === "delivered" ? null : (this.own?.classes ?? null));
    this.page.setWeights(weights);
  }

  /** The network after an epoch as a file; none if that is not there. */
  modelFile(shown: Shown): Uint8Array<ArrayBuffer> | null {
    const { settings, packed, own, page } = this;
    const weights = shown === "delivered" ? undefined : this.kept.get(shown);
    if (!weights || !settings || !packed) return null;
    const rows = this.rows.filter(({ epoch }) => epoch <= Number(shown));
    const steps = Number(shown) * this.stepsPerEpoch;
    const changes = this.changes.filter(({ step }) => step < steps);
    const pictures = own && {
      classes: own.classes,
      train: own.train.labels.length,
      judges: own.judges.labels.length,
    };
    const learned = { weights, rows, settings, changes, own: pictures };
    const images = page.samples.subarray(
      0,
      Math.min(page.data.samples.names.length, 2) * page.imageSize,
    );
    return modelFile(
      this.data.file,
      packed.lesson,
      page.data.weights.names,
      learned,
      images as Uint8Array,
    );
  }

  /** The pictures that are learned and those that judge, as a file. */
  async picturesFile(): Promise<Blob> {
    this.packed ??= await openLesson(this.page, this.data, blob);
    const { train, judges } = this.own ?? this.packed;
    const classes = this.own?.classes ?? this.data.file.classes;
    return picturesFile(this.page.data.graph.input, classes, train, judges);
  }

  private settingsOf(): Settings {
    const { batch_size, learning_rate } = this.data.recipe;
    const asked = { seed: this.seed, epochs: this.epochs, classes: this.classes.length };
    if (!this.own) return { ...asked, batchSize: batch_size, rate: learning_rate };
    // a smaller batch is noisier, and takes a lower rate; in two digits, as Python has it
    const count = this.own.train.labels.length;
    const [height, width] = this.page.data.graph.input;
    const batchSize = automaticBatchSize(count, height * width, this.data.step.capacity);
    const share = Math.sqrt(Math.min(batchSize, count) / batch_size);
    return { ...asked, batchSize, rate: Number((learning_rate * share).toPrecision(2)) };
  }

  private async begin(): Promise<void> {
    this.status = "opening";
    this.forget();
    this.packed ??= await openLesson(this.page, this.data, blob);
    this.worker ??= new PageWorker();
    const { lesson, train, judges } = this.packed;
    this.settings = this.settingsOf();
    if (this.rateFactor !== 1) this.changes = [{ step: 0, factor: this.rateFactor }];
    const first = await this.worker.ask("begin", {
      lesson,
      train: this.own?.train ?? train,
      judges: this.own?.judges ?? judges,
      settings: this.settings,
      watched: this.watchedName,
    });
    this.kept.add(0, first);
    this.keptEpochs = this.kept.epochs;
    this.show(0);
  }

  private forget(): void {
    this.failure = "";
    this.steps = this.picturesPerSecond = 0;
    this.curve.length = 0;
    this.rows = [];
    this.newest = null;
    this.changes = [];
    this.settings = null;
    this.kept.clear();
    this.keptEpochs = [];
    this.smooth = new Smooth();
  }

  private take({ losses, pictures, seconds, watched, ...rest }: Progress): void {
    for (const loss of losses) this.curve.push(this.smooth.add(loss));
    this.steps += losses.length;
    this.newest = watched;
    const now = pictures / seconds;
    const before = this.picturesPerSecond;
    if (losses.length) this.picturesPerSecond = before ? 0.8 * before + 0.2 * now : now;
    if (rest.closed) this.close(rest.closed);
    if (rest.diverged) this.status = "failed";
    else if (rest.done) this.status = "done";
  }

  private close({ weights, ...row }: Closed): void {
    const { epoch } = row;
    const follows = this.shown === epoch - 1 && !this.page.surgery.changes.length;
    this.rows = [...this.rows, row];
    this.kept.add(epoch, weights);
    this.keptEpochs = this.kept.epochs;
    if (follows) this.show(epoch);
  }
}

function whole(number: number | null, least: number, most: number, otherwise: number): number {
  if (number === null || !Number.isFinite(number)) return otherwise;
  return Math.min(most, Math.max(least, Math.round(number)));
}

const states = new WeakMap<PageState, LearnState>();

/** The page's learning; it goes on while other views are shown. */
export function learnOf(page: PageState, data: LearnData): LearnState {
  let found = states.get(page);
  if (!found) states.set(page, (found = new LearnState(page, data)));
  return found;
}
