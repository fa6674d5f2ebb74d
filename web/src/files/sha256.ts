/** SHA-256 (FIPS 180-4); the browser's own is not there in every frame that a page can stand in. */

const primes = Array.from({ length: 320 }, (_, n) => n)
  .filter((n) => n > 1 && !Array.from({ length: n - 2 }, (_, d) => d + 2).some((d) => n % d === 0))
  .slice(0, 64);
/** The first 32 bits of the fractions of square and cube roots of primes. */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);
const START = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
const ROUND = Uint32Array.from(primes, (p) => fraction(Math.cbrt(p)));

export class Sha256 {
  private readonly state = Uint32Array.from(START);
  private readonly block = new Uint8Array(64);
  private readonly words = new Uint32Array(64);
  private filled = 0;
  private length = 0;

  add(bytes: Uint8Array): this {
    this.length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + 64 - this.filled);
      this.block.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled === 64) this.compress();
    }
    return this;
  }

  /** The digest in 64 hexadecimal digits. */
  hex(): string {
    const bits = this.length * 8;
    const zeros = (119 - this.filled) % 64;
    const end = new Uint8Array(1 + zeros + 8);
    end[0] = 0x80;
    new DataView(end.buffer).setBigUint64(1 + zeros, BigInt(bits));
    this.add(end);
    return Array.from(this.state, (word) => word.toString(16).padStart(8, "0")).join("");
  }

  private compress(): void {
    const { block, words: w, state } = this;
    this.filled = 0;
    for (let t = 0; t < 16; t++) {
      const at = 4 * t;
      w[t] = (block[at] << 24) | (block[at + 1] << 16) | (block[at + 2] << 8) | block[at + 3];
    }
    for (let t = 16; t < 64; t++) {
      const [a, b] = [w[t - 15], w[t - 2]];
      const small0 = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
      const small1 = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
      w[t] = w[t - 16] + small0 + w[t - 7] + small1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const big1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const one = (h + big1 + ((e & f) ^ (~e & g)) + ROUND[t] + w[t]) | 0;
      const big0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, k) => (state[k] += word));
  }
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
