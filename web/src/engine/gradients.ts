/** The gradients that a program computes of one picture. */

import type { Taken } from "./data";
import type { Program } from "./program";

/** Gradients of a loss, and what only its program computes. */
export interface Gradients {
  /** ∂loss/∂value of every value of a layer, or of the pixels. */
  at(layer: string): Float32Array;
  /** ∂loss/∂weight, by the full name of a weight that is trained. */
  weight(name: string): Float32Array;
  /** Values of a layer that predicts as one with the norm behind it, before that norm. */
  hidden(layer: string): Float32Array;
}

/** Which gradients a program's memory holds. */
const latest = new WeakMap<Program, ProgramGradients>();

/** They are read when they are first asked for; where others came between, computed again. */
export class ProgramGradients implements Gradients {
  private readonly found = new Map<string, Float32Array>();

  constructor(
    private readonly program: Program,
    private readonly output: string,
    private readonly pixels: Taken,
    private readonly seed: ArrayLike<number>,
  ) {
    this.run();
  }

  at(layer: string): Float32Array {
    return this.read(`at ${layer}`, () => this.program.gradient(layer));
  }

  weight(name: string): Float32Array {
    return this.read(`weight ${name}`, () => this.program.weightGradient(name));
  }

  hidden(layer: string): Float32Array {
    return this.read(`value ${layer}`, () => this.program.value(layer));
  }

  private read(key: string, read: () => Float32Array): Float32Array {
    let values = this.found.get(key);
    if (!values) {
      if (latest.get(this.program) !== this) this.run();
      this.found.set(key, (values = read()));
    }
    return values;
  }

  private run(): void {
    this.program.seed(this.output, this.seed);
    this.program.run(this.pixels);
    latest.set(this.program, this);
  }
}
