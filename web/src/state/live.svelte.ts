/**
 * The weights of a training that goes on, taken into the page while it is open.
 *
 * A stream says that there are new ones; the newest are then fetched and put into the network, so
 * that everything that is shown of it follows. At most `OFTEN` times a second, and never so often
 * that drawing takes more than half of the time: the page can be used meanwhile.
 */

import { tick, untrack } from "svelte";
import type { LiveData } from "../engine/data";

/** Milliseconds between two updates, at least. */
const OFTEN = 250;

/** Milliseconds after which weights that did not come are asked for again. */
const AGAIN = 2000;

/** Milliseconds after which a stream that the server has ended is opened again. */
const REOPEN = 3000;

/** A moment of a training: steps that are done, and the epoch that they are in; none: not known. */
export interface Moment {
  step: number | null;
  epoch: number | null;
}

/** How far the training is, see `pellucid.training.live.LiveProgress`. */
export interface LiveProgress extends Moment {
  epochs: number;
  loss: number | null;
  accuracy: number | null;
  paused: boolean;
  doing: string;
  /** How it ended; empty before. */
  ended: string;
}

/** A snapshot of weights that can be fetched. */
interface Offered extends Moment {
  number: number;
}

/** What of a page follows. */
export interface Following {
  readonly data: { weights: { names: [string, readonly number[]][] } };
  readonly surgery: { readonly changes: readonly unknown[]; undoAll(): void };
  follow(weights: ReadonlyMap<string, Float32Array>): void;
}

export class Live {
  /** Whether the page stays as it is, however training goes on. */
  held = $state(false);
  /** Whether the stream is open. */
  connected = $state(false);
  /** Of which moment the weights are that the page shows; null: those that it came with. */
  shown = $state.raw<Moment | null>(null);
  /** When they came, in milliseconds since 1970. */
  came = $state(0);
  /** Now, to the second. */
  now = $state(0);
  progress = $state.raw<LiveProgress | null>(null);
  /** Why the newest weights are not shown; empty: they are. */
  failure = $state("");
  /** Why the training cannot be asked for newer ones; empty: it is asked. */
  unasked = $state("");

  /** The newest snapshot that the stream has told of. */
  private offered: Offered | null = null;
  /** Whether there may be newer weights than those that are shown. */
  private missing = true;
  private busy = false;
  /** When weights may be fetched next, by the clock of `performance`. */
  private next = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private source: EventSource | null = null;
  private reopen: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly page: Following,
    readonly data: LiveData,
  ) {}

  /** Whether new weights are shown as they come: nothing holds them, and nothing here has changed the network. */
  get follows(): boolean {
    return !this.held && !this.page.surgery.changes.length;
  }

  /** How training goes on, in a word. */
  get state(): "waiting" | "running" | "paused" | "ended" | "lost" {
    if (this.progress?.ended) return "ended";
    if (!this.connected) return "lost";
    if (this.progress?.paused) return "paused";
    return this.shown ? "running" : "waiting";
  }

  /** Seconds for which the weights that are shown have been there. */
  get age(): number {
    return Math.max(0, Math.round((this.now - this.came) / 1000));
  }

  /** Let the page stay as it is at this moment. */
  hold(): void {
    this.held = true;
  }

  /** Show the newest again; what was changed here is taken back. */
  release(): void {
    this.page.surgery.undoAll();
    this.held = false;
    this.missing = true;
  }

  /** Listen, until the function that is returned is called. */
  start(): () => void {
    const seen = (): void => this.look();
    document.addEventListener("visibilitychange", seen);
    const clock = setInterval(() => {
      if (!document.hidden) this.now = Date.now();
    }, 1000);
    const stop = $effect.root(() => {
      $effect(() => {
        if (this.follows) untrack(() => this.pull());
      });
    });
    this.look();
    return () => {
      stop();
      clearInterval(clock);
      clearTimeout(this.timer);
      document.removeEventListener("visibilitychange", seen);
      this.close();
    };
  }

  /** A tab that is not seen listens to nothing; one that comes back fetches the newest. */
  private look(): void {
    this.close();
    if (document.hidden) return;
    this.now = Date.now();
    this.open();
    this.missing = true;
    this.pull();
  }

  private open(): void {
    const source = new EventSource(this.data.events);
    this.source = source;
    source.addEventListener("open", () => (this.connected = true));
    source.addEventListener("error", () => {
      this.connected = false;
      // the browser tries again by itself, unless the server has answered with an error
      if (source.readyState === EventSource.CLOSED) {
        this.reopen = setTimeout(() => this.look(), REOPEN);
      }
    });
    source.addEventListener("progress", ({ data }: MessageEvent<string>) => {
      const before = this.progress?.ended;
      this.progress = JSON.parse(data) as LiveProgress;
      if (this.progress.ended && !before) this.renew(); // what the run answers with from now on
    });
    source.addEventListener("failed", ({ data }: MessageEvent<string>) => {
      this.unasked = (JSON.parse(data) as { error: string }).error;
    });
    source.addEventListener("weights", ({ data }: MessageEvent<string>) => {
      this.offered = JSON.parse(data) as Offered;
      this.renew();
    });
  }

  private close(): void {
    clearTimeout(this.reopen);
    this.source?.close();
    this.source = null;
  }

  private renew(): void {
    this.missing = true;
    this.pull();
  }

  /** Fetch the newest weights as soon as it may be, if there may be newer ones and they are wanted. */
  private pull(): void {
    if (this.busy || !this.missing || !this.follows || document.hidden) return;
    clearTimeout(this.timer);
    const wait = this.next - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => this.pull(), wait);
      return;
    }
    this.busy = true;
    void this.fetch().then((pause) => {
      this.busy = false;
      this.next = performance.now() + pause;
      this.pull();
    });
  }

  /** Show the newest weights; how many milliseconds to wait before the next. */
  private async fetch(): Promise<number> {
    const { offered } = this;
    this.missing = false;
    try {
      const response = await fetch(this.data.weights, { cache: "no-store" });
      if (response.status === 204) return OFTEN; // before its first steps a training has none
      if (!response.ok) throw new Error(await reasonOf(response));
      const bytes = await response.arrayBuffer();
      const weights = weightsOf(this.page.data.weights.names, bytes);
      await new Promise(requestAnimationFrame);
      if (!this.follows) {
        this.missing = true; // it was held meanwhile
        return 0;
      }
      const begun = performance.now();
      this.page.follow(weights);
      this.shown = momentOf(response, offered);
      this.came = this.now = Date.now();
      this.failure = "";
      await tick(); // everything is drawn
      return Math.max(OFTEN, performance.now() - begun);
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.missing = true;
      return AGAIN;
    }
  }
}

/** Weights by name, of their bytes one after the other. */
export function weightsOf(
  names: readonly [string, readonly number[]][],
  bytes: ArrayBuffer,
): Map<string, Float32Array> {
  const lengths = names.map(([, shape]) => shape.reduce((product, n) => product * n, 1));
  const expected = 4 * lengths.reduce((sum, length) => sum + length, 0);
  if (bytes.byteLength !== expected) {
    throw new Error(`${bytes.byteLength} bytes came, expected ${expected}`);
  }
  const found = new Map<string, Float32Array>();
  let next = 0;
  names.forEach(([name], k) => {
    found.set(name, new Float32Array(bytes, next, lengths[k]));
    next += 4 * lengths[k];
  });
  return found;
}

/** Of which moment weights are: as they themselves say, else as the stream has. */
function momentOf(response: Response, offered: Offered | null): Moment {
  const of = (name: string): number | null => {
    const text = response.headers.get(`Pellucid-${name}`);
    return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  const [step, epoch] = [of("Step"), of("Epoch")];
  return epoch === null
    ? { step: offered?.step ?? null, epoch: offered?.epoch ?? null }
    : { step, epoch };
}

/** Why the server does not give what was asked for. */
async function reasonOf(response: Response): Promise<string> {
  const status = `HTTP ${response.status}`;
  try {
    const found = (await response.json()) as { error?: unknown };
    return typeof found.error === "string" ? found.error : status;
  } catch {
    return status;
  }
}
