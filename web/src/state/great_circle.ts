/** The way from one noise to another, which a straight line would lead past what was learned. */

type Numbers = Float32Array<ArrayBuffer>;

/** A point between two at an even angle, its length changing evenly; as Python's `interpolate`. */
export function greatCircle(start: Numbers, end: Numbers, share: number): Numbers {
  const lengths = [start, end].map((each) => Math.hypot(...each));
  const product = start.reduce((sum, x, i) => sum + x * end[i], 0);
  const angle = Math.acos(Math.min(1, Math.max(-1, product / (lengths[0] * lengths[1]))));
  const sine = Math.sin(angle);
  if (!(sine >= 1e-6)) return start.map((x, i) => (1 - share) * x + share * end[i]);
  const length = (1 - share) * lengths[0] + share * lengths[1];
  const [of, to] = [1 - share, share].map(
    (part, k) => (Math.sin(part * angle) / sine / lengths[k]) * length,
  );
  return start.map((x, i) => of * x + to * end[i]);
}
