/** A training's weights, served as a lab serves them, at a test's word. */

import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** How many weights there are, and what Python makes of each; see `tests/page/following.py`. */
export interface Facts {
  layer: string;
  at: number[];
  moments: { outputs: number[]; value: number }[];
}

/** Of any page, see `tests/page/run_pages.py`. */
export interface Moments {
  moments: unknown[];
}

interface Offered {
  moment: number;
  number: number;
  step: number;
  epoch: number;
}

export class Training<F extends Moments = Facts> {
  /** How often weights were asked for. */
  asked = 0;
  /** Answer with this instead of weights. */
  refuse: { status: number; error: string } | null = null;
  /** Send weights of which bytes are missing. */
  short = false;
  readonly facts: F;
  private readonly listeners = new Set<ServerResponse>();
  private readonly weights: Buffer[];
  private offered: Offered | null = null;
  private number = 0;
  private readonly server: Server;

  /** Serves `following.html` of a folder, or that of another name. */
  constructor(
    private readonly folder: string,
    private readonly name = "following",
  ) {
    this.facts = JSON.parse(this.read(`${name}.json`).toString()) as F;
    this.weights = this.facts.moments.map((_, k) => this.read(`${name}-${k}.bin`));
    this.server = createServer((request, response) => this.answer(request.url!, response));
  }

  /** Begin to answer; the page's address. */
  async begin(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/token/page.html`;
  }

  /** How many listen. */
  get listening(): number {
    return this.listeners.size;
  }

  /** Lay out the weights of a moment, and say so to all that listen. */
  offer(moment: number, step: number, epoch: number): void {
    this.offered = { moment, number: ++this.number, step, epoch };
    this.say("weights", { number: this.number, step, epoch });
  }

  /** Say something to all that listen. */
  say(event: string, data: unknown): void {
    for (const to of this.listeners) send(to, event, data);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }

  private read(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  private answer(url: string, response: ServerResponse): void {
    const path = url.split("/").pop();
    if (path === "page.html") {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(this.read(`${this.name}.html`));
    } else if (path === "events") {
      response.setHeader("Content-Type", "text/event-stream");
      response.flushHeaders();
      this.listeners.add(response);
      response.on("close", () => this.listeners.delete(response));
      if (this.offered) send(response, "weights", this.offered);
    } else if (path === "weights") {
      this.asked++;
      this.give(response);
    } else response.writeHead(path === "favicon.ico" ? 204 : 404).end();
  }

  private give(response: ServerResponse): void {
    const { offered, refuse } = this;
    if (refuse || !offered) {
      response.statusCode = refuse?.status ?? 204;
      response.end(refuse && JSON.stringify({ error: refuse.error }));
      return;
    }
    response.setHeader("Pellucid-Step", offered.step);
    response.setHeader("Pellucid-Epoch", offered.epoch);
    const bytes = this.weights[offered.moment];
    response.end(this.short ? bytes.subarray(4) : bytes);
  }
}

function send(to: ServerResponse, event: string, data: unknown): void {
  to.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
