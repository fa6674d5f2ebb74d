/** Where a chart's marks lie: a scale for each axis, and numbers to write at it. */

export interface Scale {
  from: number;
  to: number;
  ticks: number[];
}

/** A scale that holds values, with round ends. */
export function scaleOf(low: number, high: number, ticks = 4): Scale {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / ticks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((n) => n * power >= rough)! * power;
  const [from, to] = [Math.floor(low / step), Math.ceil(high / step)];
  const count = Math.max(1, to - from);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const all = Array.from({ length: count + 1 }, (_, k) =>
    Number(((from + k) * step).toFixed(digits)),
  );
  return { from: all[0], to: all[count], ticks: all };
}

export type Point = readonly [number, number];

/** The most points of a curve: the last of each part. */
export function thinned(values: readonly number[], most: number): Point[] {
  const each = Math.max(1, Math.ceil(values.length / most));
  const found: Point[] = [];
  for (let i = 0; i < values.length; i += each) {
    const last = Math.min(i + each, values.length) - 1;
    found.push([last + 1, values[last]]);
  }
  return found;
}
