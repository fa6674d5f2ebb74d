/** What changed from one run to another: asked for, and what came of it. */

import { get } from "./api";
import type { Changed } from "./data";

export class ChangesState {
  found = $state.raw<Changed | null>(null);
  /** What went wrong, in the server's words. */
  refused = $state("");
  busy = $state(false);

  constructor(
    readonly first: string,
    readonly second: string,
  ) {}

  /** Where it is, below the page's address. */
  get place(): string {
    return `api/changes/${this.first}/${this.second}`;
  }

  async load(): Promise<void> {
    this.busy = true;
    this.refused = "";
    try {
      this.found = await get<Changed>(this.place);
    } catch (error) {
      this.refused = (error as Error).message;
    } finally {
      this.busy = false;
    }
  }
}
