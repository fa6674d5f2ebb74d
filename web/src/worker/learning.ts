/** Learning in the worker: the page asks for some steps at a time, and so may stop at any. */

import { Diverged, type Lesson, type Pictures, type Settings, Trainer } from "../learn/trainer";
import type { Judgement } from "../learn/trainer";
import type { Weights } from "../engine/program";
import { Handed } from "./calls";

/** Milliseconds of steps between two answers, so that small networks do not drown the page. */
const BETWEEN = 30;

export interface Begin {
  lesson: Lesson;
  train: Pictures;
  judges: Pictures;
  settings: Settings;
  /** The array of weights that is watched as it forms. */
  watched: string | null;
}

export interface Go {
  /** Take a single step. */
  single: boolean;
  rateFactor: number;
}

/** What an epoch has come to. */
export interface Closed {
  epoch: number;
  /** Mean over the pictures, each taken when its batch was learned. */
  loss: number;
  /** Of the last step. */
  rate: number;
  judged: Judgement;
  weights: Weights;
}

export interface Progress {
  /** Of each step. */
  losses: number[];
  /** Pictures that were learned, and the seconds that this took. */
  pictures: number;
  seconds: number;
  watched: Float32Array | null;
  /** The epoch that ended, if one did. */
  closed: Closed | null;
  /** Whether nothing is left to learn. */
  done: boolean;
  /** Whether the loss or a weight is no number any more; then nothing more can be learned. */
  diverged: boolean;
}

let trainer: Trainer | null = null;
let watched: string | null = null;

export const learning = {
  /** Begin again; the first weights. */
  begin(asked: Begin): Weights {
    watched = asked.watched;
    trainer = new Trainer(asked.lesson, asked.train, asked.judges, asked.settings);
    return trainer.weights();
  },

  learn({ single, rateFactor }: Go): Handed<Progress> {
    if (!trainer) throw new Error("nothing has begun");
    const progress: Progress = {
      losses: [],
      pictures: 0,
      seconds: 0,
      watched: null,
      closed: null,
      done: false,
      diverged: false,
    };
    trainer.rateFactor = rateFactor;
    try {
      some(trainer, single, progress);
    } catch (error) {
      if (!(error instanceof Diverged)) throw error;
      progress.diverged = true;
    }
    const weights = progress.closed?.weights.values() ?? [];
    const arrays = [...weights, ...(progress.watched ? [progress.watched] : [])];
    return new Handed(
      progress,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  },
};

function some(trainer: Trainer, single: boolean, progress: Progress): void {
  const began = performance.now();
  let closes = false;
  while (trainer.steps < trainer.planned && !closes) {
    const { loss, pictures } = trainer.learn();
    progress.losses.push(loss);
    progress.pictures += pictures;
    closes = trainer.steps % trainer.stepsPerEpoch === 0;
    if (single || performance.now() - began > BETWEEN) break;
  }
  progress.seconds = (performance.now() - began) / 1000;
  progress.done = trainer.steps >= trainer.planned;
  if (watched !== null) progress.watched = trainer.weight(watched);
  if (!closes) return;
  const { epochs: epoch, epochLoss: loss, lastRate: rate } = trainer;
  const weights = trainer.weights();
  progress.closed = { epoch, loss, rate, weights, judged: trainer.judge() };
}
