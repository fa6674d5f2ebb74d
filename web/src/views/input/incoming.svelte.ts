/** A picture file that comes in: read, taken, or refused with a reason. */

import type { Preprocessing } from "../../engine/data";
import { PictureError, type Problem } from "../../pictures/problem";
import { readPicture } from "../../pictures/read";
import type { PageState } from "../../state/page.svelte";

export class Incoming {
  /** The name of the file that is being read. */
  reading = $state<string | null>(null);
  /** Why the last one was not taken; the picture before it stays. */
  problem = $state.raw<{ name: string; problem: Problem } | null>(null);
  /** The file that was taken last. */
  file = $state.raw<File | null>(null);
  /** Whether black and white are exchanged. */
  inverted = $state(false);
  private latest = 0;

  constructor(private readonly page: PageState) {
    this.inverted = page.data.model.preprocessing.invert ?? false;
  }

  get preprocessing(): Preprocessing {
    return { ...this.page.data.model.preprocessing, invert: this.inverted };
  }

  /** Read a file and take it, unless another comes meanwhile. */
  async take(file: File | null | undefined): Promise<boolean> {
    const turn = ++this.latest;
    this.problem = null;
    if (this.preprocessing.sound) return this.refuse(file?.name ?? "", { kind: "sound" });
    if (!file) return this.refuse("", { kind: "none" });
    this.reading = file.name;
    try {
      const pixels = await readPicture(file, this.preprocessing);
      if (turn !== this.latest) return false;
      const truth = file === this.file ? this.page.truth : null;
      this.page.take(pixels, { kind: "picture", name: file.name });
      this.page.truth = truth;
      this.file = file;
      return true;
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      return turn === this.latest && this.refuse(file.name, error.problem);
    } finally {
      if (turn === this.latest) this.reading = null;
    }
  }

  /** Forget what is being read, as something else was taken. */
  abandon(): void {
    this.latest++;
    this.reading = null;
    this.problem = null;
  }

  private refuse(name: string, problem: Problem): false {
    this.problem = { name, problem };
    return false;
  }
}
