/** What the server looks for while the page waits: how far it is, and what came of it. */

import { get, leave, Refused, send } from "./api";

/** How far a search is, and what it found. */
export interface Search<T> {
  number: number;
  state: "finding" | "done" | "failed" | "stopped";
  doing: string;
  done: number;
  of: number;
  error: string;
  found: T | null;
}

/** Milliseconds between two questions how far it is. */
const AGAIN = 700;

export class SearchState<T> {
  known = $state.raw<Search<T> | null>(null);
  /** What went wrong, in the server's words. */
  refused = $state("");
  /** Whether it was stopped here. */
  stopped = $state(false);
  readonly found = $derived(this.known?.found ?? null);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;

  constructor(
    /** Where it is, below the page's address. */
    readonly place: string,
    /** Whether nobody wants it once this page shows something else. */
    private readonly fleeting = false,
  ) {}

  /** Begin, or listen to what has begun; what is returned ends that. */
  start(): () => void {
    void this.ask(++this.turn, () => get<Search<T>>(this.place));
    const left = (): void => {
      if (this.fleeting && this.waits) leave(this.place);
    };
    window.addEventListener("pagehide", left);
    return () => {
      window.removeEventListener("pagehide", left);
      left();
      this.turn += 1;
      clearTimeout(this.timer);
    };
  }

  /** Look for it once more. */
  again(): void {
    this.known = null;
    this.refused = "";
    this.stopped = false;
    clearTimeout(this.timer);
    void this.ask(++this.turn, () => send<Search<T>>("POST", this.place, {}));
  }

  stop(): void {
    this.turn += 1;
    clearTimeout(this.timer);
    this.stopped = true;
    leave(this.place);
  }

  private get waits(): boolean {
    return !this.stopped && !this.refused && (!this.known || this.known.state === "finding");
  }

  private async ask(turn: number, question: () => Promise<Search<T>>): Promise<void> {
    let gone = false;
    try {
      const answer = await question();
      if (turn !== this.turn) return;
      this.known = answer;
      this.refused = "";
    } catch (error) {
      if (turn !== this.turn) return;
      this.refused = (error as Error).message;
      gone = error instanceof Refused && error.status === 0;
    }
    // what somebody else has stopped begins again, since it is wanted here
    if (gone || (!this.refused && this.known && !["done", "failed"].includes(this.known.state))) {
      this.timer = setTimeout(() => void this.ask(turn, () => get<Search<T>>(this.place)), AGAIN);
    }
  }
}
