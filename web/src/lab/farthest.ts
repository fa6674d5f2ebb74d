import type { Mistake, NumberOff } from "./data";

/** The number of a picture that is farthest off; null of classes and labels. */
export function farthest({ numbers }: Mistake): NumberOff | null {
  return numbers.reduce<NumberOff | null>(
    (most, each) => (most && most.deviations >= each.deviations ? most : each),
    null,
  );
}
