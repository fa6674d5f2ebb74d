/** How sure an accuracy is: Wilson's 95 % interval, as `pellucid/metrics/chance.py` has it. */

const Z = 1.959963984540054;

/** Both ends, 0 to 1, of the share of pictures, at least one, that are right. */
export function interval(right: number, count: number): [number, number] {
  const [share, part] = [right / count, (Z * Z) / count];
  const half = Z * Math.sqrt((share * (1 - share)) / count + part / (4 * count));
  const [middle, scale] = [share + part / 2, 1 + part];
  return [right === 0 ? 0 : (middle - half) / scale, right === count ? 1 : (middle + half) / scale];
}
