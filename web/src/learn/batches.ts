/** Which pictures go together, as `pellucid/training/batches.py` has it. */

/** Batches an epoch: none has a single picture, unless all have. */
export function batchesPerEpoch(count: number, batchSize: number): number {
  if (batchSize === 1) return count;
  return Math.max(1, Math.min(Math.ceil(count / batchSize), Math.floor(count / 2)));
}

/** Which of the shuffled pictures make a batch, from and up to. */
export function batchPlaces(count: number, batchSize: number, number: number): [number, number] {
  const steps = batchesPerEpoch(count, batchSize);
  if (2 * (count - (steps - 1) * batchSize) < batchSize) {
    return [Math.floor((number * count) / steps), Math.floor(((number + 1) * count) / steps)];
  }
  const first = number * batchSize;
  return [first, number === steps - 1 ? count : first + batchSize];
}

/** Pictures a step for data of one's own, at most as many as there is room for. */
export function automaticBatchSize(pictures: number, pixels: number, most: number): number {
  const sizes = [128, 64, 32];
  const fitting = sizes.find((n) => pictures >= 50 * n && n * pixels <= 2 ** 20);
  return Math.min(most, fitting ?? 16);
}
