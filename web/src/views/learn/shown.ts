/** Which network a page shows, in words. */

import type { Shown } from "../../learn/learn.svelte";
import type { Catalogue } from "../../text/index";

export function shownWords(text: Catalogue["learn"], shown: Shown): string {
  return shown === "delivered" ? text.delivered : text.afterEpoch(shown);
}
