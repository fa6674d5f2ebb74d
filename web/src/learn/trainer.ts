/** Trains a network step by step, to the bits of `pellucid train`; it knows of no page. */

import { size } from "../engine/arrays";
import type { Fold, LearnData } from "../engine/data";
import { withFolds } from "../engine/folds";
import { crossEntropyOf } from "../engine/losses";
import { type Parts, Program } from "../engine/program";
import { batchesPerEpoch, batchPlaces } from "./batches";
import { permutation } from "./counter";
import { firstWeights } from "./first_weights";
import { stepNumbers } from "./scalars";
import { factor } from "./schedule";
import { onlyFirst } from "./units";

/** Pictures with the place of the class of each. */
export interface Pictures {
  pixels: Uint8Array;
  labels: Uint16Array;
}

/** What stays the same however often one learns. */
export interface Lesson {
  data: Pick<LearnData, "recipe" | "parameters" | "head">;
  output: string;
  folds: Fold[];
  step: Parts;
  answers: Parts;
}

/** What one learning is asked for. */
export interface Settings {
  seed: number;
  epochs: number;
  batchSize: number;
  /** The schedule's peak. */
  rate: number;
  /** How many of the network's outputs stand for classes; the others are left out. */
  classes: number;
}

export interface Judgement {
  loss: number;
  right: number;
  count: number;
}

/** The loss is no number any more, or no weight is. */
export class Diverged extends Error {}

export class Trainer {
  readonly stepsPerEpoch: number;
  /** Steps taken. */
  steps = 0;
  /** The rate of the last step. */
  lastRate = 0;
  /** What the schedule's rate is multiplied with. */
  rateFactor = 1;
  private readonly step: Program;
  private readonly answers: Program;
  private order: Uint32Array = new Uint32Array();
  private lossSum = 0;

  constructor(
    private readonly lesson: Lesson,
    private readonly train: Pictures,
    private readonly judges: Pictures,
    private readonly settings: Settings,
  ) {
    this.step = new Program(lesson.step);
    this.answers = new Program(lesson.answers);
    const first = firstWeights(lesson.data.parameters, settings.seed);
    this.step.setWeights(onlyFirst(first, lesson.data.head, settings.classes));
    this.stepsPerEpoch = batchesPerEpoch(train.labels.length, settings.batchSize);
  }

  /** Steps of all epochs. */
  get planned(): number {
    return this.settings.epochs * this.stepsPerEpoch;
  }

  /** Finished epochs. */
  get epochs(): number {
    return Math.floor(this.steps / this.stepsPerEpoch);
  }

  /** The mean loss of the epoch's pictures, each taken when its batch was learned. */
  get epochLoss(): number {
    return this.lossSum / this.order.length;
  }

  /** The rate of the next step. */
  get rate(): number {
    const { recipe } = this.lesson.data;
    const { rate, epochs } = this.settings;
    return rate * factor(recipe.schedule, this.steps, this.stepsPerEpoch, epochs) * this.rateFactor;
  }

  /** Learn from the next batch: its loss before the step, and how many pictures it has. */
  learn(): { loss: number; pictures: number } {
    const { seed, batchSize } = this.settings;
    const { train } = this;
    const batch = this.steps % this.stepsPerEpoch;
    if (batch === 0) {
      this.order = permutation(train.labels.length, seed, this.epochs);
      this.lossSum = 0;
    }
    const places = this.order.subarray(...batchPlaces(this.order.length, batchSize, batch));
    const { about } = this.step;
    const each = size(about.input);
    const pixels = new Uint8Array(places.length * each);
    places.forEach((place, i) => {
      pixels.set(train.pixels.subarray(place * each, (place + 1) * each), i * each);
    });
    const { address, count } = about.scalars;
    const { optimizer } = this.lesson.data.recipe;
    const rate = this.rate;
    this.step.writeFloats(address, stepNumbers(count, optimizer, rate, seed, this.steps));
    this.step.writeFloats(
      about.labels!,
      Array.from(places, (place) => train.labels[place]),
    );
    this.step.run(pixels, "step");
    const loss = this.step.readDouble(about.loss!);
    if (!Number.isFinite(loss)) throw new Diverged();
    this.steps++;
    this.lastRate = rate;
    this.lossSum += loss * places.length;
    return { loss, pictures: places.length };
  }

  /** The network on the pictures that are not learned. */
  judge(): Judgement {
    const { pixels, labels } = this.judges;
    const { about } = this.answers;
    this.answers.setWeights(withFolds(this.weights(), this.lesson.folds));
    const each = size(about.input);
    let [loss, right] = [0, 0];
    for (let first = 0; first < labels.length; first += about.capacity) {
      const part = pixels.subarray(first * each, (first + about.capacity) * each);
      this.answers.run(part);
      for (let i = 0; i < part.length / each; i++) {
        const outputs = this.answers.value(this.lesson.output, i);
        loss += crossEntropyOf(outputs, labels[first + i]).loss;
        right += Number(largest(outputs) === labels[first + i]);
      }
    }
    return { loss: loss / labels.length, right, count: labels.length };
  }

  weights(): Map<string, Float32Array> {
    const found = this.step.weights();
    for (const array of found.values()) {
      if (!array.every(Number.isFinite)) throw new Diverged();
    }
    return found;
  }

  /** One array of them alone, e.g. to watch it form. */
  weight(name: string): Float32Array {
    return this.step.weight(name);
  }
}

/** The place of the largest value, the first of equals. */
function largest(values: ArrayLike<number>): number {
  let found = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[found]) found = k;
  return found;
}
