/** A curve that follows noisy numbers. */

/** How much of the curve so far stays at each step. */
const STAYS = 0.9;

/** The mean of the numbers so far, in which older ones count less and less. */
export class Smooth {
  private sum = 0;
  private weight = 0;

  add(value: number): number {
    this.sum = STAYS * this.sum + (1 - STAYS) * value;
    this.weight = STAYS * this.weight + (1 - STAYS);
    return this.sum / this.weight;
  }
}
