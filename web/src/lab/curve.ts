/** Curves of a training over epochs. */

import type { Point } from "../views/learn/chart";
import type { EpochRow, Progress, StepRow } from "./data";

/** Points of a curve, at most. */
const MOST = 600;

/** Steps of an epoch, by how far a training is; by the rows where that is not known. */
export function stepsPerEpoch(
  rows: readonly StepRow[],
  history: readonly EpochRow[],
  progress: Progress | null,
): number {
  if (progress && progress.of > 0 && progress.step > 0) {
    const done = progress.epoch - 1 + progress.images / progress.of;
    if (done > 0) return progress.step / done;
  }
  const last = rows.at(-1);
  if (!last) return 1;
  const epochs = Math.max(history.length, last.epoch - 1);
  return epochs > 0 ? Math.max(1, last.step / Math.max(epochs, last.epoch)) : last.step;
}

/** The steps' losses over epochs; each point is the mean of neighbours where there are many. */
export function stepPoints(rows: readonly StepRow[], perEpoch: number): Point[] {
  const each = Math.max(1, Math.ceil(rows.length / MOST));
  const found: Point[] = [];
  for (let from = 0; from < rows.length; from += each) {
    const part = rows.slice(from, from + each).filter(({ loss }) => loss !== null);
    if (!part.length) continue;
    const mean = part.reduce((sum, { loss }) => sum + loss!, 0) / part.length;
    found.push([part.at(-1)!.step / perEpoch, mean]);
  }
  return found;
}

/** A measure of the finished epochs. */
export function epochPoints(history: readonly EpochRow[], name: string): Point[] {
  return history.flatMap((row): Point[] => {
    const value = row[name];
    return typeof value === "number" ? [[row.epoch, value]] : [];
  });
}
