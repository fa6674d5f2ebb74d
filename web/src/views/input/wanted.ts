/** Labels and numbers that are right of a picture, in words. */

import { short } from "../../draw/numbers";
import type { PageState } from "../../state/page.svelte";

export function wantedText(page: PageState, wanted: readonly number[]): string {
  if (page.data.model.task === "regression") {
    if (wanted.length === 1) return short(wanted[0]);
    return wanted.map((number, k) => `${page.names[k]} ${short(number)}`).join(", ");
  }
  const labels = page.names.filter((_, k) => wanted[k] === 1);
  return labels.join(", ") || page.text.input.noLabels;
}
