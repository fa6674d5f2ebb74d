/** How weights start, the same bits as `pellucid/graph/output_layers.py` makes of a seed. */

import { size } from "../engine/arrays";
import { crc32 } from "../engine/checks";
import type { ParameterData } from "../engine/data";
import { normal, randomWords, START, uniform } from "./counter";

/** A network's first weights by full name. */
export function firstWeights(
  parameters: readonly ParameterData[],
  seed: number,
): Map<string, Float32Array> {
  return new Map(parameters.map((parameter) => [parameter.name, first(parameter, seed)]));
}

function first(parameter: ParameterData, seed: number): Float32Array {
  const { name, shape, initializer, times } = parameter;
  const count = size(shape);
  if (typeof initializer === "number") return new Float32Array(count).fill(initializer);
  if (initializer === "zeros") return new Float32Array(count);
  const words = randomWords(count, seed, 0, crc32(new TextEncoder().encode(name)), START);
  const found = Float32Array.from(drawn(parameter, words));
  return times === undefined ? found : found.map((w) => w * Math.fround(times));
}

function drawn({ initializer, fan_in, fan_out }: ParameterData, words: Uint32Array): Float64Array {
  switch (initializer) {
    case "he":
      return scaled(normal(words), Math.sqrt(2 / fan_in));
    case "lecun":
      return scaled(normal(words), Math.sqrt(1 / fan_in));
    case "glorot": {
      const limit = Math.sqrt(6 / (fan_in + fan_out));
      return Float64Array.from(words, (word) => limit * (2 * uniform(word) - 1));
    }
    default:
      throw new Error(`the page does not know the initializer ${initializer}`);
  }
}

function scaled(values: Float64Array, factor: number): Float64Array {
  return values.map((x) => x * factor);
}
