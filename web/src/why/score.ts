/** What is explained: one output, or by how much one leads over another. */

export interface Question {
  target: number;
  /** The output that it is compared with; none: it stands for itself. */
  against: number | null;
}

/** ∂score/∂outputs. */
export function seedOf(question: Question, outputs: number): Float32Array {
  const seed = new Float32Array(outputs);
  seed[question.target] = 1;
  if (question.against !== null) seed[question.against] = -1;
  return seed;
}

export function scoreOf(question: Question, outputs: ArrayLike<number>): number {
  const lead = question.against === null ? 0 : outputs[question.against];
  return outputs[question.target] - lead;
}
