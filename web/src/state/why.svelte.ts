/** What is asked in the view of reasons: by which method, of which answer, compared with which. */

export const METHODS = ["evidence", "cam", "occlusion"] as const;
export type Method = (typeof METHODS)[number];

export class WhyChoices {
  method = $state<Method>("evidence");
  /** Whether the picture is seen behind the colours. */
  over = $state(false);
  /** The answer that is explained; none: the likeliest. */
  target = $state<number | null>(null);
  /** What it is compared with: the likeliest other one, a certain one, or nothing. */
  against = $state<number | "next" | null>("next");
  /** Whether patches are covered, which takes time, so that it is asked for. */
  covering = $state(false);
}
