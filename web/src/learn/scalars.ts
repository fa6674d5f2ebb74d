/** The numbers that a step is given, as `emit/update.py` and `emit/random.py` lay them out. */

import type { OptimizerData } from "../engine/data";

const [RATE, MEAN_SCALE, ROOT_SCALE] = [0, 2, 3];
const [SEED, STEP] = [8, 9];

/** As float32, of a step counted from 0. */
export function stepNumbers(
  count: number,
  optimizer: OptimizerData,
  rate: number,
  seed: number,
  step: number,
): Float32Array {
  const numbers = new Float32Array(count);
  numbers[RATE] = rate;
  if (optimizer.kind !== "sgd") {
    const { beta1, beta2 } = optimizer;
    numbers[MEAN_SCALE] = 1 / (1 - beta1 ** (step + 1));
    numbers[ROOT_SCALE] = (1 - beta2 ** (step + 1)) ** -0.5;
  }
  const words = new Uint32Array(numbers.buffer);
  words[SEED] = seed;
  words[STEP] = step;
  return numbers;
}
