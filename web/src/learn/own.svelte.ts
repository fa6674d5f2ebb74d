/** Pictures of one's own, by class, to be learned in place of those that the page brings along. */

import type { Preprocessing } from "../engine/data";
import { PictureError, type Problem } from "../pictures/problem";
import { readPicture } from "../pictures/read";
import { type Divided, divided } from "./divide";

/** Bytes of pixels that are kept at most. */
const MOST = 400e6;

export interface Given {
  name: string;
  pixels: Uint8Array;
}

export interface OwnClass {
  id: number;
  name: string;
  pictures: readonly Given[];
}

/** A file that was left out, and why. */
export interface LeftOut {
  name: string;
  problem: Problem | { kind: "full" };
}

/** What is still missing before these pictures can be learned. */
export type Missing =
  | { kind: "classes"; most: number; exactly: boolean }
  | { kind: "names" }
  | { kind: "pictures"; name: string };

export class OwnPictures {
  classes = $state.raw<OwnClass[]>([]);
  leftOut = $state.raw<LeftOut[]>([]);
  /** Files that are still to be read. */
  waiting = $state(0);
  private next = 0;

  /**
   * @param units The network's outputs.
   * @param fewer Whether some of them can be left out.
   */
  constructor(
    readonly units: number,
    readonly fewer: boolean,
  ) {
    for (let k = 0; k < (fewer ? 2 : units); k++) this.addClass();
  }

  get missing(): Missing | null {
    const { classes, units, fewer } = this;
    if (fewer ? classes.length < 2 || classes.length > units : classes.length !== units) {
      return { kind: "classes", most: units, exactly: !fewer };
    }
    const names = classes.map(({ name }) => name.trim());
    if (names.includes("") || new Set(names).size < names.length) return { kind: "names" };
    const few = classes.find(({ pictures }) => pictures.length < 2);
    return few ? { kind: "pictures", name: few.name } : null;
  }

  addClass(name = ""): number {
    const id = this.next++;
    this.classes = [...this.classes, { id, name, pictures: [] }];
    return id;
  }

  removeClass(id: number): void {
    this.classes = this.classes.filter((each) => each.id !== id);
  }

  rename(id: number, name: string): void {
    this.change(id, (each) => ({ ...each, name }));
  }

  add(id: number, ...pictures: Given[]): void {
    this.change(id, (each) => ({ ...each, pictures: [...each.pictures, ...pictures] }));
  }

  removePicture(id: number, place: number): void {
    this.change(id, (each) => ({
      ...each,
      pictures: each.pictures.filter((_, k) => k !== place),
    }));
  }

  /** Read files one after the other; what is no picture is left out with its reason. */
  async addFiles(id: number, files: readonly File[], preprocessing: Preprocessing): Promise<void> {
    this.leftOut = [];
    this.waiting += files.length;
    const each = preprocessing.width * preprocessing.height * preprocessing.channels;
    for (const file of files) {
      try {
        const count = this.classes.reduce((sum, { pictures }) => sum + pictures.length, 0);
        if ((count + 1) * each > MOST) this.leave(file.name, { kind: "full" });
        else this.add(id, { name: file.name, pixels: await readPicture(file, preprocessing) });
      } catch (error) {
        if (!(error instanceof PictureError)) throw error;
        this.leave(file.name, error.problem);
      } finally {
        this.waiting--;
      }
    }
  }

  /** The pictures in two parts; nothing may be missing. */
  divided(): Divided {
    return divided(this.classes.map(({ pictures }) => pictures.map(({ pixels }) => pixels)));
  }

  private leave(name: string, problem: LeftOut["problem"]): void {
    this.leftOut = [...this.leftOut, { name, problem }];
  }

  private change(id: number, change: (each: OwnClass) => OwnClass): void {
    this.classes = this.classes.map((each) => (each.id === id ? change(each) : each));
  }
}
