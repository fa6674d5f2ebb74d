import { afterEach, expect, test } from "vitest";
import { Caller, type End, Handed, serve } from "../../src/worker/calls";

const handlers = {
  add: ([a, b]: [number, number]): number => a + b,
  slowly: async (value: string): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return value;
  },
  refuse: (what: string): void => {
    throw new Error(`not ${what}`);
  },
  double: (values: Float32Array): Handed<Float32Array> => {
    const made = values.map((value) => 2 * value);
    return new Handed(made, [made.buffer]);
  },
};

let ports: MessagePort[] = [];

function caller(): Caller<typeof handlers> {
  const { port1, port2 } = new MessageChannel();
  ports = [port1, port2];
  serve(port2 as End, handlers);
  const made = new Caller<typeof handlers>(port1 as End);
  ports.forEach((port) => port.start());
  return made;
}

afterEach(() => ports.forEach((port) => port.close()));

test("each question gets its own answer, in the order of the questions", async () => {
  const order: string[] = [];
  const ask = caller();
  const answers = await Promise.all([
    ask.ask("slowly", "first").finally(() => order.push("first")),
    ask.ask("add", [2, 3]).finally(() => order.push("second")),
  ]);
  expect(answers).toEqual(["first", 5]);
  expect(order).toEqual(["first", "second"]);
});

test("what a handler refuses, the caller is told, and is answered further", async () => {
  const ask = caller();
  await expect(ask.ask("refuse", "this")).rejects.toThrow("not this");
  await expect(ask.ask("toString" as "add", [1, 1])).rejects.toThrow("cannot toString");
  await expect(ask.ask("add", (() => 0) as never)).rejects.toThrow();
  expect(await ask.ask("add", [1, 1])).toBe(2);
});

test("buffers are handed over, not copied", async () => {
  const values = Float32Array.of(1, 2.5);
  expect(await caller().ask("double", values, [values.buffer])).toEqual(Float32Array.of(2, 5));
  expect(values.length).toBe(0);
});

test("nobody waits for a worker that is gone", async () => {
  const ask = caller();
  const waiting = ask.ask("slowly", "never");
  ask.fail(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
});
