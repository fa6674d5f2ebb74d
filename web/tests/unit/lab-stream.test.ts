/** The stream of the lab's tab: asked for again where the server refused it. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AGAIN, Stream } from "../../src/lab/stream.ts";

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static all: Source[] = [];
  readyState = 0;
  constructor(readonly address: string) {
    super();
    Source.all.push(this);
  }
  close(): void {
    this.readyState = Source.CLOSED;
  }
}

beforeEach(() => {
  Source.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no server")));
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("a refused stream is asked for again, one that is only cut off by the browser itself", () => {
  const heard: boolean[] = [];
  new Stream((is) => heard.push(is)).listen("api/events", {});
  const [first] = Source.all;
  first!.dispatchEvent(new Event("error")); // the browser connects again
  vi.advanceTimersByTime(2 * AGAIN);
  expect(Source.all.length).toBe(1);
  first!.readyState = Source.CLOSED;
  first!.dispatchEvent(new Event("error"));
  expect(heard).toEqual([false, false]);
  vi.advanceTimersByTime(AGAIN);
  expect(Source.all.map(({ address }) => address)).toEqual(["api/events", "api/events"]);
});

test("why it was refused is asked for, and passed on", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 403 })));
  const heard: [boolean, (number | undefined)?][] = [];
  new Stream((...is) => heard.push(is)).listen("api/events", {});
  const [first] = Source.all;
  first!.readyState = Source.CLOSED;
  first!.dispatchEvent(new Event("error"));
  await vi.advanceTimersByTimeAsync(1);
  expect(heard).toEqual([[false], [false, 403]]);
});

test("a stream that another took the place of is not asked for again", () => {
  const stream = new Stream(() => undefined);
  stream.listen("first", {});
  const [first] = Source.all;
  first!.readyState = Source.CLOSED;
  first!.dispatchEvent(new Event("error"));
  stream.listen("second", {});
  vi.advanceTimersByTime(2 * AGAIN);
  expect(Source.all.map(({ address }) => address)).toEqual(["first", "second"]);
});
