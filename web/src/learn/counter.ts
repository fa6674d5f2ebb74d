/** Random numbers from a counter, the same bits as `pellucid/counter_random.py` draws. */

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85] as const;

/** Purposes, each with random numbers of its own: first weights, and the order of pictures. */
export const START = 0x494e4954; // "INIT"
export const ORDER = 0x4f524452; // "ORDR"

/** The upper 32 bits of a product of 32-bit words, which a double cannot hold whole. */
function high(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (other >>> 16)) >>> 0;
}

/** One 32-bit word for each element (Philox4x32-10). */
export function randomWords(
  count: number,
  seed: number,
  step: number,
  stream: number,
  purpose: number,
): Uint32Array {
  const found = new Uint32Array(Math.ceil(count / 4) * 4);
  for (let block = 0; 4 * block < count; block++) {
    let [c0, c1, c2, c3] = [block, 0, step >>> 0, stream >>> 0];
    let [k0, k1] = [seed >>> 0, purpose >>> 0];
    for (let round = 0; round < ROUNDS; round++) {
      const [high0, low0] = [high(c0, MULTIPLIERS[0]), Math.imul(c0, MULTIPLIERS[0])];
      const [high1, low1] = [high(c2, MULTIPLIERS[1]), Math.imul(c2, MULTIPLIERS[1])];
      c0 = (high1 ^ c1 ^ k0) >>> 0;
      c2 = (high0 ^ c3 ^ k1) >>> 0;
      c1 = low1 >>> 0;
      c3 = low0 >>> 0;
      k0 = (k0 + KEY_STEPS[0]) >>> 0;
      k1 = (k1 + KEY_STEPS[1]) >>> 0;
    }
    found.set([c0, c1, c2, c3], 4 * block);
  }
  return found.subarray(0, count);
}

/** A word as a number in (0, 1): the middle of one of 2³² equal intervals. */
export function uniform(word: number): number {
  return (word + 0.5) * 2 ** -32;
}

/** Words as normal numbers of mean 0 and variance 1, by pairs; an odd last one goes with 0. */
export function normal(words: Uint32Array): Float64Array {
  const found = new Float64Array(words.length);
  for (let i = 0; i < words.length; i += 2) {
    const radius = Math.sqrt(-2 * logarithm(uniform(words[i])));
    const [cosine, sine] = circle(uniform(i + 1 < words.length ? words[i + 1] : 0));
    found[i] = radius * cosine;
    if (i + 1 < words.length) found[i + 1] = radius * sine;
  }
  return found;
}

/** The numbers 0 … count − 1 in an order of chance: by their random words, ties by number. */
export function permutation(count: number, seed: number, step: number): Uint32Array {
  const words = randomWords(count, seed, step, 0, ORDER);
  const keys = Float64Array.from(words, (word, i) => word * count + i); // exact up to 2²¹ pictures
  return Uint32Array.from(keys.sort(), (key) => key % count);
}

// Sums, products, quotients and square roots alone, in the order in which Python has them: no
// library's logarithm or sine promises the same bits.

const LN_2 = 0.6931471805599453;
const SERIES = Array.from({ length: 11 }, (_, k) => 2 / (2 * k + 1));
const COSINE = Array.from({ length: 10 }, (_, k) => (k % 2 ? -1 : 1) / factorial(2 * k));
const SINE = Array.from({ length: 9 }, (_, k) => (k % 2 ? -1 : 1) / factorial(2 * k + 1));

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1); // exact up to 18
}

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer); // WebAssembly's machines are all little-endian

/** ln x of normal numbers above zero: x = 2ᵉ · m with √½ ≤ m < √2, ln m by its series. */
function logarithm(x: number): number {
  double[0] = x;
  let exponent = ((halves[1] >>> 20) & 0x7ff) - 1022;
  halves[1] = (halves[1] & 0x800fffff) | (1022 << 20);
  let mantissa = double[0];
  if (mantissa < Math.sqrt(0.5)) {
    mantissa *= 2;
    exponent -= 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  return exponent * LN_2 + s * polynomial(s * s, SERIES);
}

/** Cosine and sine of 2π · turns, for turns in (0, 1). */
function circle(turns: number): [number, number] {
  const quarter = Math.floor(4 * turns + 0.5);
  const x = (4 * turns - quarter) * (Math.PI / 2);
  const square = x * x;
  const cosine = polynomial(square, COSINE);
  const sine = x * polynomial(square, SINE);
  const [first, second] = quarter % 2 === 1 ? [sine, cosine] : [cosine, sine];
  return [
    quarter === 1 || quarter === 2 ? -first : first,
    quarter === 2 || quarter === 3 ? -second : second,
  ];
}

/** A polynomial by Horner's rule; coefficients from the lowest power on. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let total = coefficients[coefficients.length - 1];
  for (let k = coefficients.length - 2; k >= 0; k--) total = total * x + coefficients[k];
  return total;
}
