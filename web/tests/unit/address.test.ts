import { describe, expect, test } from "vitest";
import { Address, Follower, wholeNumber } from "../../src/state/address";
import { packed, unpacked } from "../../src/state/pixels";

interface State {
  names: string[];
  count: number;
}

function address(): Address<State> {
  const found = new Address<State>();
  found.add(
    {
      key: "name",
      write: ({ names }) => names,
      read: (state, texts) => (state.names = texts),
    },
    {
      key: "count",
      write: ({ count }) => (count ? [String(count)] : []),
      read: (state, [text]) => (state.count = wholeNumber(text, 10) ?? 0),
    },
  );
  return found;
}

describe("a state in an address", () => {
  test.each([
    [[], 0],
    [["a"], 3],
    [["layer/1:0&count=9#", "한글 \u202e", "a"], 9],
  ])("comes back as it was: %j, %d", (names, count) => {
    const text = address().write({ names, count });
    const state: State = { names: ["before"], count: 1 };
    address().read(state, text && `#${text}`);
    expect(state).toEqual({ names, count });
  });

  test("of which no part is known changes nothing", () => {
    const state: State = { names: ["a"], count: 4 };
    for (const foreign of ["#section-3", "#%%%", "#x=1&y=2", "#="]) address().read(state, foreign);
    expect(state).toEqual({ names: ["a"], count: 4 });
  });

  test.each(["-1", "10", "1e0", "0x1", " 1", "NaN", "9".repeat(400), ""])(
    "a number that is none, or too large, is left out: %j",
    (text) => {
      const state: State = { names: [], count: 4 };
      address().read(state, `#name=a&count=${encodeURIComponent(text)}`);
      expect(state).toEqual({ names: ["a"], count: 0 });
    },
  );

  test("parts have different keys", () => {
    const entry = { key: "name", write: () => [], read: () => undefined };
    expect(() => address().add(entry)).toThrow("name");
  });
});

test("an address that someone has set meanwhile is not written over", async () => {
  const location = { hash: "", pathname: "/", search: "" };
  const history = { replaceState: (_: null, __: string, hash: string) => (location.hash = hash) };
  const follower = new Follower({ location, history } as unknown as Window, 0);
  const rest = () => new Promise((resolve) => setTimeout(resolve, 5));
  follower.follow("a=1");
  location.hash = "#b=2"; // a link, before the state has rested; the page reads it next
  await rest();
  expect(location.hash).toBe("#b=2");
  follower.follow("b=2&c=3");
  await rest();
  expect(location.hash).toBe("#b=2&c=3");
});

test("an address that may not be written is left alone", async () => {
  let tries = 0;
  const frame = {
    location: { hash: "", pathname: "/", search: "" },
    history: {
      replaceState: () => {
        tries++;
        throw new DOMException("no", "SecurityError");
      },
    },
  } as unknown as Window;
  const follower = new Follower(frame, 0);
  for (const text of ["a=1", "a=2"]) {
    follower.follow(text);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(tries).toBe(1);
});

describe("a drawn picture in an address", () => {
  const shapes: Record<string, (i: number) => number> = {
    empty: () => 0,
    full: () => 255,
    stroke: (i) => (i % 28 === 9 ? 200 + (i % 5) : 0),
    noise: (i) => (i * 7919) % 256,
    "a last pixel": (i) => (i === 783 ? 1 : 0),
  };
  test.each(Object.entries(shapes))("comes back as it was: %s", (_, value) => {
    const pixels = Uint8Array.from({ length: 784 }, (_, i) => value(i));
    const text = packed(pixels);
    expect(encodeURIComponent(text)).toBe(text);
    expect(unpacked(text, 784)).toEqual(pixels);
  });

  test("is short where most is empty", () => {
    expect(packed(new Uint8Array(784)).length).toBeLessThan(20);
  });

  test.each(["", "!", "AA", "AAA", "_w", "AP8".repeat(2000)])("is refused: %s", (text) => {
    expect(unpacked(text, 784)).toBe(null);
  });

  test("of another size is refused", () => {
    expect(unpacked(packed(new Uint8Array(9)), 784)).toBe(null);
    expect(unpacked(packed(new Uint8Array(1024)), 784)).toBe(null);
  });
});
