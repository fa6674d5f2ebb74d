/** Questions whose answers the page knows, and what people write as an answer. */

export interface Question {
  prompt: string;
  /** How one comes to the answer. */
  hint: string;
  /** The right number. */
  answer: number;
  /** How far an answer may be from it; whole numbers must be exact. */
  slack: number;
}

/** A question whose answer must be exact. */
export function whole(prompt: string, hint: string, answer: number): Question {
  return { prompt, hint, answer, slack: 0 };
}

/**
 * A question that is answered to 1 %.
 *
 * @param rounded how far the right way to it leads astray, as numbers that are shown are rounded
 */
export function about(prompt: string, hint: string, answer: number, rounded = 0): Question {
  return { prompt, hint, answer, slack: Math.max(0.01 * Math.abs(answer), rounded) };
}

/**
 * The numbers that words may mean; none where they are no number.
 *
 * A comma or a point may stand before decimals or between thousands: `1,250` is 1.25 or 1250.
 */
export function readings(words: string): number[] {
  const text = words
    .replaceAll("−", "-")
    .replace(/[\s\u00a0\u202f]/g, "")
    .toLowerCase();
  const percent = text.endsWith("%");
  const plain = percent ? text.slice(0, -1) : text;
  const found = [];
  if (/^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/.test(plain)) found.push(plain.replace(",", "."));
  if (/^[+-]?[1-9]\d{0,2}(([.,])\d{3})(\2\d{3})*$/.test(plain))
    found.push(plain.replace(/[.,]/g, ""));
  return found.map((each) => Number(each) / (percent ? 100 : 1));
}

/** Whether one of these numbers answers a question. */
export function isRight({ answer, slack }: Question, given: readonly number[]): boolean {
  return given.some((number) => Math.abs(number - answer) <= slack);
}
