/**
 * What is decided about pictures.
 *
 * Each decision is saved at once. What cannot be saved (a full disk, a folder that may not be
 * written, a server that is gone) stays here and is tried again; what somebody else decided
 * otherwise meanwhile stays there, and both are shown.
 */

import { get, Refused, send } from "./api";
import { forgetUnsaved, keepUnsaved, unsavedOf } from "./unsaved";

export type Way = "keep" | "move" | "leave-out";

/** What is decided about a picture. */
export interface Said {
  decision: Way;
  label: string;
  note: string;
}

/** A decision of the file. */
export interface Decided extends Said {
  path: string;
  /** By what the picture can be asked for; null where the data have none of this name. */
  picture: string | null;
}

interface Sent {
  rows: Decided[];
  file: string;
  /** By what the file is known, in whatever folder the lab was opened. */
  place: string;
  classes: string[];
  joins: boolean;
  /** How many numbers a label is; 0 where it is none. */
  numbers: number;
  problem?: string;
}

interface Change {
  before: Said | null;
  after: Said | null;
}

/** Seconds until what could not be saved is tried again. */
const AGAIN = 4;

const plain = (said: Said | null | undefined): Said | null =>
  said ? { decision: said.decision, label: said.label, note: said.note } : null;

export class Decisions {
  /** Those of the file, by path. */
  kept = $state.raw<ReadonlyMap<string, Decided>>(new Map());
  /** Those that are not saved yet. */
  private mine = $state.raw<ReadonlyMap<string, Change>>(new Map());
  /** Paths of those that somebody else decided otherwise. */
  private against = $state.raw<ReadonlySet<string>>(new Set());
  private past = $state.raw<{ path: string; before: Said | null }[]>([]);
  file = $state("");
  private place = "";
  classes = $state.raw<string[]>([]);
  /** Whether a label may be several classes, or numbers. */
  joins = $state(false);
  /** How many numbers a label is; 0 where it is none. */
  numbers = $state(0);
  /** Why the file cannot be read. */
  problem = $state("");
  /** Whether the last ones could not be saved. */
  failing = $state(false);
  /** Why not, in the server's words. */
  trouble = $state("");

  private saving = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener("beforeunload", (event) => {
      if (this.mine.size) event.preventDefault();
    });
  }

  /** What is decided about a picture, saved or not. */
  of(path: string): Said | null {
    const mine = this.mine.get(path);
    return mine ? mine.after : (this.kept.get(path) ?? null);
  }

  /** Whether a picture could be labelled so. */
  suits(label: string): boolean {
    if (!this.numbers) return label !== "";
    const parts = label.split(";");
    const finite = parts.every((each) => each.trim() !== "" && Number.isFinite(Number(each)));
    return finite && parts.length === this.numbers;
  }

  get unsaved(): number {
    return this.mine.size;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  /** Pictures about which somebody else decided otherwise, with both. */
  get contradicted(): { path: string; mine: Said | null; theirs: Said | null }[] {
    return [...this.against].map((path) => ({
      path,
      mine: this.mine.get(path)?.after ?? null,
      theirs: this.kept.get(path) ?? null,
    }));
  }

  /** Ask for those that are saved. */
  async load(): Promise<void> {
    try {
      this.take(await get<Sent>("api/decisions"));
    } catch {
      return; // the server is gone, which is shown; its stream says when there are new ones
    }
  }

  decide(path: string, after: Said | null): void {
    const before = plain(this.of(path));
    this.past = [...this.past, { path, before }];
    this.want(path, after);
  }

  /** Take the last decision back. */
  undo(): string | null {
    const last = this.past.at(-1);
    if (!last) return null;
    this.past = this.past.slice(0, -1);
    this.want(last.path, last.before);
    return last.path;
  }

  /** Of two decisions that contradict each other, take this page's or the other. */
  settle(path: string, mine: boolean): void {
    const change = this.mine.get(path);
    this.against = new Set([...this.against].filter((each) => each !== path));
    const rest = new Map(this.mine);
    rest.delete(path);
    this.mine = rest;
    forgetUnsaved(this.place, path);
    if (mine && change) this.want(path, change.after);
  }

  private want(path: string, after: Said | null): void {
    const before = this.mine.get(path)?.before ?? plain(this.kept.get(path));
    const change = { before, after: plain(after) };
    this.mine = new Map(this.mine).set(path, change);
    keepUnsaved(this.place, path, change);
    void this.save();
  }

  private async save(): Promise<void> {
    if (this.saving) return;
    const sent = new Map([...this.mine].filter(([path]) => !this.against.has(path)));
    if (!sent.size) return;
    this.saving = true;
    clearTimeout(this.timer);
    try {
      const changes = [...sent].map(([path, change]) => ({ path, ...change }));
      this.done(sent, await send<Sent>("PUT", "api/decisions", { changes }), []);
    } catch (error) {
      const { status, message, body } = error as Refused;
      if (status === 409) {
        const found = body as Sent & { contradicted: string[] };
        this.done(sent, found, found.contradicted);
      } else {
        this.failing = true;
        this.trouble = message; // none of a server that is gone, which the page shows
        this.timer = setTimeout(() => void this.save(), 1000 * AGAIN);
      }
    } finally {
      this.saving = false;
    }
    if (!this.failing) void this.save(); // those that came meanwhile
  }

  /** Changes were saved, but for some that somebody else contradicts. */
  private done(sent: ReadonlyMap<string, Change>, found: Sent, contradicted: string[]): void {
    this.failing = false;
    this.trouble = "";
    this.take({ ...found, problem: "" });
    this.against = new Set([...this.against, ...contradicted]);
    const rest = new Map(this.mine);
    for (const [path, change] of sent) {
      if (contradicted.includes(path)) continue;
      const now = rest.get(path);
      if (now === change) {
        rest.delete(path);
        forgetUnsaved(this.place, path);
      } else if (now) rest.set(path, { ...now, before: change.after });
    }
    this.mine = rest;
  }

  /** Take over what another page could not save, of a lab that has ended. */
  private adopt(place: string): void {
    this.place = place;
    const left = unsavedOf<Change>(place).filter(([path]) => !this.mine.has(path));
    if (!left.length) return;
    this.mine = new Map([...left, ...this.mine]);
    void Promise.resolve().then(() => this.save()); // after what is being loaded
  }

  private take(found: Sent): void {
    this.kept = new Map(found.rows.map((row) => [row.path, row]));
    this.file = found.file;
    if (found.place !== this.place) this.adopt(found.place);
    this.classes = found.classes;
    this.joins = found.joins;
    this.numbers = found.numbers;
    this.problem = found.problem ?? "";
  }
}
