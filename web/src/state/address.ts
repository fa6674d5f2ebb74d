/** The page's state in its address, so that a link leads to what one sees. */

/** One part of the state: `key=text` behind the `#`, as often as there are texts. */
export interface Entry<State> {
  key: string;
  /** The state in texts; none where it is as a page opens. */
  write(state: State): string[];
  /** Take what an address says; none: as a page opens. What makes no sense changes nothing. */
  read(state: State, texts: string[]): void;
  /** Whether there is something of it that no text can hold. */
  lacks?(state: State): boolean;
}

export class Address<State> {
  private readonly entries: Entry<State>[] = [];

  /** Add a part, which is read after those that are there already. */
  add(...entries: Entry<State>[]): void {
    for (const entry of entries) {
      if (this.entries.some(({ key }) => key === entry.key)) {
        throw new Error(`the address has a part ${entry.key} already`);
      }
      this.entries.push(entry);
    }
  }

  /** The whole state, without the `#`; empty where all is as a page opens. */
  write(state: State): string {
    const found = new URLSearchParams();
    for (const entry of this.entries) {
      for (const text of entry.write(state)) found.append(entry.key, text);
    }
    return found.toString();
  }

  /** The keys of the parts that an address cannot hold as they are now. */
  missing(state: State): string[] {
    return this.entries.filter((entry) => entry.lacks?.(state)).map(({ key }) => key);
  }

  /** Bring the state to what an address says; one of which no part is known changes nothing. */
  read(state: State, hash: string): void {
    const found = new URLSearchParams(hash.replace(/^#/, ""));
    const known = this.entries.some(({ key }) => found.has(key));
    if (!known && hash.length > 1) return;
    for (const entry of this.entries) entry.read(state, found.getAll(entry.key));
  }
}

/** A whole number from 0 to below a limit, or none. */
export function wholeNumber(text: string | undefined, limit: number): number | null {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return null;
  const number = Number(text);
  return number < limit ? number : null;
}

/** How long the state must rest before the address follows it, in milliseconds. */
const REST = 250;

/** Writes an address in place of the one before, never more often than browsers allow. */
export class Follower {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private allowed = true;

  constructor(
    private readonly target: Window,
    private readonly rest = REST,
  ) {}

  /** The address as it is, with its `#`. */
  get hash(): string {
    return this.target.location.hash;
  }

  follow(text: string): void {
    clearTimeout(this.timer);
    if (!this.allowed) return;
    const before = this.hash;
    this.timer = setTimeout(() => {
      const hash = text ? `#${text}` : "";
      // another address since then is someone's wish, which the state is about to follow
      if (hash === this.hash || this.hash !== before) return;
      try {
        const { pathname, search } = this.target.location;
        this.target.history.replaceState(null, "", hash || pathname + search);
      } catch {
        this.allowed = false; // within a notebook's frame, which has no address of its own
      }
    }, this.rest);
  }
}
