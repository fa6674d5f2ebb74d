/**
 * The tab's one stream of news.
 *
 * A browser has few connections to one server, and a hidden tab needs none: it closes its stream,
 * and when it comes back the server sends everything that is new.
 */

/** Milliseconds until a stream is asked for again that the server refused: browsers do not. */
export const AGAIN = 4_000;

export type Heard = Record<string, (value: never) => void>;

export class Stream {
  private source: EventSource | null = null;
  private address = "";
  private heard: Heard = {};
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    /** Whether the server answers; with the status where it refuses. */
    private readonly connected: (is: boolean, refused?: number) => void,
  ) {
    document.addEventListener("visibilitychange", () => this.renew());
  }

  /** Listen at an address, in place of what was heard before. */
  listen(address: string, heard: Heard): void {
    this.address = address;
    this.heard = heard;
    this.renew();
  }

  /** An event source does not say why it was refused; a request does. */
  private async askWhy(source: EventSource): Promise<void> {
    const { status, ok, body } = await fetch(this.address).catch(() => Response.error());
    void body?.cancel();
    if (!ok && status && source === this.source) this.connected(false, status);
  }

  private renew(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    if (document.hidden) return;
    const source = new EventSource(this.address);
    for (const [name, take] of Object.entries(this.heard)) {
      source.addEventListener(name, (event: MessageEvent<string>) =>
        take(JSON.parse(event.data) as never),
      );
    }
    source.addEventListener("open", () => this.connected(true));
    source.addEventListener("error", () => {
      this.connected(false);
      if (source.readyState === EventSource.CLOSED && source === this.source) {
        this.timer = setTimeout(() => this.renew(), AGAIN);
        void this.askWhy(source);
      }
    });
    this.source = source;
  }
}
