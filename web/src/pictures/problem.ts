/** Why a picture cannot be taken; the page has a sentence for each kind. */

export type Problem =
  | { kind: "none" }
  | { kind: "sound" }
  | { kind: "empty" }
  | { kind: "unknown" }
  | { kind: "damaged" }
  | { kind: "large"; width: number; height: number; most: number }
  | { kind: "heavy"; bytes: number; most: number }
  | { kind: "deep" };

export class PictureError extends Error {
  constructor(readonly problem: Problem) {
    super(`a picture cannot be taken: ${problem.kind}`);
  }
}
