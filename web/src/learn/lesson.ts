/** What the page brings along to learn from. */

import type { LearnData } from "../engine/data";
import { type Bytes, partsOf } from "../engine/program";
import type { PageState } from "../state/page.svelte";
import type { Lesson, Pictures } from "./trainer";

export interface Packed {
  lesson: Lesson;
  train: Pictures;
  judges: Pictures;
}

export async function openLesson(page: PageState, learn: LearnData, bytes: Bytes): Promise<Packed> {
  const [step, answers, train, judges] = await Promise.all([
    partsOf(learn.step, bytes),
    partsOf(learn.answers, bytes),
    pictures(learn.train, bytes),
    pictures(learn.judge, bytes),
  ]);
  const { recipe, parameters, head } = learn;
  const { output, folds } = page.data.graph;
  return {
    lesson: { data: { recipe, parameters, head }, output, folds, step, answers },
    train,
    judges,
  };
}

async function pictures({ pixels, labels }: LearnData["train"], bytes: Bytes): Promise<Pictures> {
  const [found, places] = await Promise.all([bytes(pixels), bytes(labels)]);
  return { pixels: found, labels: new Uint16Array(places.buffer) };
}
