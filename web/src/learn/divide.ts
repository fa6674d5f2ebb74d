/** Pictures by class in two parts: to learn from, and to judge by. */

import type { Pictures } from "./trainer";

/** Of every class each fifth picture is held out, of few the last. */
const FIFTH = 5;

export interface Divided {
  train: Pictures;
  judges: Pictures;
}

/** Of each class, two pictures at least. */
export function divided(classes: readonly (readonly Uint8Array[])[]): Divided {
  const [train, judges] = [new Collected(), new Collected()];
  classes.forEach((pictures, place) => {
    pictures.forEach((pixels, k) => {
      const few = pictures.length < FIFTH;
      const held = few ? k === pictures.length - 1 : k % FIFTH === FIFTH - 1;
      (held ? judges : train).add(pixels, place);
    });
  });
  return { train: train.pictures(), judges: judges.pictures() };
}

class Collected {
  private readonly pixels: Uint8Array[] = [];
  private readonly labels: number[] = [];

  add(pixels: Uint8Array, label: number): void {
    this.pixels.push(pixels);
    this.labels.push(label);
  }

  pictures(): Pictures {
    const each = this.pixels[0].length;
    const joined = new Uint8Array(each * this.pixels.length);
    this.pixels.forEach((picture, k) => joined.set(picture, k * each));
    return { pixels: joined, labels: Uint16Array.from(this.labels) };
  }
}
