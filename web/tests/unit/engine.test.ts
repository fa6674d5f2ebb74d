import { beforeAll, expect, test } from "vitest";
import { colour, rangeOf, type Scale, table, tableIndex } from "../../src/draw/colours";
import { full, percent, short, signed } from "../../src/draw/numbers";
import { accumulated, broadcast, joined, offset, position } from "../../src/engine/arrays";
import { crc32 } from "../../src/engine/checks";
import { boxTerms, findBoxes, numbersOf, rowsOf } from "../../src/engine/boxes";
import { anchorsOf, proposalsOf, proposalTerms } from "../../src/engine/regions";
import type {
  BoxesData,
  CentreLossData,
  Fold,
  ModelData,
  NodeData,
  Position,
} from "../../src/engine/data";
import { withFolds } from "../../src/engine/folds";
import { crossEntropyOf, lost } from "../../src/engine/losses";
import { pathOf, textOf, writtenIn } from "../../src/engine/steps";
import { reading } from "../../src/engine/task";
import { fromPython } from "./python";

interface Numbers {
  texts: {
    names: string[];
    units: "words" | "characters";
    shape: number[];
    outputs: number[];
    text: string;
    steps: number[][];
    probabilities: number[];
  }[];
  boxes: {
    settings: BoxesData;
    shape: number[];
    outputs: number[];
    cells: number[][];
    rows: number[];
  }[];
  regions: {
    settings: BoxesData;
    shape: number[];
    outputs: number[];
    regions: number[];
    rows: number[];
  }[];
  proposals: {
    anchors: NonNullable<NodeData["anchors"]>;
    shape: number[];
    map: number[];
    rows: number[];
    found: number[][];
  };
  readings: { task: ModelData["task"]; outputs: number[]; answer: number[] }[];
  losses: { outputs: number[]; truth: number; loss: number; gradient: number[] }[];
  centre_losses: {
    about: CentreLossData;
    shape: number[];
    outputs: number[];
    targets: number[];
    loss: number;
    gradient: number[];
  }[];
  folded: {
    folds: Fold[];
    stored: Record<string, number[]>;
    computed: Record<string, number[]>;
  };
  kept: {
    floats: number[];
    planes: number[];
    checksum: number;
    numbers: number[];
    differences: number[];
  };
  coloured: { values: number[]; limit: number; signed: number[]; weights: number[] }[];
}

let python: Numbers;

beforeAll(() => {
  python = fromPython<Numbers>("tests.page.engine_numbers");
}, 60_000);

function close(found: ArrayLike<number>, expected: ArrayLike<number>, share = 1e-14): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(found[i] - expected[i]);
    expect(apart, `${i}: ${found[i]}, ${expected[i]}`).toBeLessThanOrEqual(
      share * Math.abs(expected[i]) + 1e-300,
    );
  }
}

test("what is read of outputs is what Python reads: classes, labels, numbers in units", () => {
  const scale = { scale: [3, 0.5, 100], shift: [20, -1, 0] };
  expect(new Set(python.readings.map(({ task }) => task)).size).toBe(3);
  for (const { task, outputs, answer } of python.readings) {
    const model = task === "regression" ? { task, reading: scale } : { task };
    close(reading(model, outputs, [outputs.length]), answer, 4e-16);
  }
});

test("texts are written as Python writes them, with ties, runs and blanks", () => {
  for (const { names, units, shape, outputs, text, steps, probabilities } of python.texts) {
    const written = writtenIn(outputs, shape);
    expect(written.map(({ first, behind, step }) => [first, behind, step])).toEqual(steps);
    close(
      written.map(({ probability }) => probability),
      probabilities,
    );
    expect(textOf(written, names, { units, seconds: 1 })).toBe(text);
    expect(written.every(({ name, first }) => pathOf(outputs, shape)[first] === name + 1)).toBe(
      true,
    );
  }
});

test("the loss of boxes and its gradient are those of Python", () => {
  for (const { about, shape, outputs, targets, loss, gradient } of python.centre_losses) {
    const found = lost(about, outputs, targets, shape);
    expect(Math.abs(found.loss / loss - 1)).toBeLessThan(1e-12);
    gradient.forEach((wanted, k) => {
      const most = 1e-9 * Math.abs(wanted) + 1e-300;
      expect(Math.abs(found.gradient[k] - wanted)).toBeLessThanOrEqual(most);
    });
  }
});

test("boxes are found where Python finds them, with ties and overlaps, and have its numbers", () => {
  expect(python.boxes.some(({ cells }) => cells.length > 3)).toBe(true);
  expect(python.boxes.some(({ cells }) => cells.length === 0)).toBe(true);
  for (const { settings, shape, outputs, cells, rows } of python.boxes) {
    const z = Float32Array.from(outputs);
    const found = findBoxes({ ...settings, shown: 0 }, z, shape);
    expect(found.map(({ place }) => place)).toEqual(cells);
    close(rowsOf(found, settings.most), rows, 1e-14);
    const depth = shape[2];
    for (const [n, box] of found.entries()) {
      const made = (channel: number): number[][] =>
        numbersOf(settings, found, [...box.place, channel], depth);
      expect(made(box.class)).toContainEqual([n, 4]);
      expect(made(depth - 3)).toContainEqual([n, 1]);
    }
  }
});

test("boxes of regions are found where Python finds them, and open into what they are made of", () => {
  expect(python.regions.map(({ regions }) => regions.length > 0)).toEqual([true, true, false]);
  for (const { settings, shape, outputs, regions, rows } of python.regions) {
    const z = Float32Array.from(outputs);
    const found = findBoxes({ ...settings, shown: 0 }, z, shape);
    expect(found.map(({ place }) => place[0])).toEqual(regions);
    close(rowsOf(found, settings.most), rows, 1e-13);
    const node = { kind: "find_regions", inputs: ["rows"] } as unknown as NodeData;
    const read = (at: Position): number => z[offset(shape, at)];
    const depth = shape[1];
    for (const n of found.keys()) {
      for (const column of [0, 1, 2, 3, 4]) {
        const value = rows[6 * n + column];
        const opened = boxTerms(settings, node, found, read, [n, column], [value, depth]);
        expect(opened.total).toBeCloseTo(value, 10);
        expect(opened.terms).toHaveLength(column === 4 ? (depth - 7) / 5 + 1 : 4);
        for (const { at } of opened.terms)
          expect(numbersOf(settings, found, at, depth)).toContainEqual([n, column]);
      }
    }
  }
});

test("of proposals the anchors are known that Python made them of", () => {
  const { anchors, shape, map, rows, found } = python.proposals;
  const node = { anchors, shape: [40, 6], inputs: ["map"] } as unknown as NodeData;
  const z = Float32Array.from(map);
  const own = anchorsOf(node, z, shape, rows);
  expect(own.flatMap((each) => (each ? [[...each.cell, each.own]] : []))).toEqual(found);
  expect(own.filter((each) => each === null)).toHaveLength(40 - found.length);
  const read = (at: Position): number => z[offset(shape, at)];
  for (const row of found.keys()) {
    for (const column of [0, 1, 2, 3, 4]) {
      const value = rows[6 * row + column];
      const opened = proposalTerms(node, own[row], read, column, value, shape);
      expect(opened.total).toBeCloseTo(value, 4);
      for (const { at } of opened.terms)
        expect(proposalsOf(node, own, at)).toContainEqual([row, column]);
    }
  }
});

test("the loss and its gradient are Python's, also where a class is certain", () => {
  for (const { outputs, truth, loss, gradient } of python.losses) {
    const found = crossEntropyOf(outputs, truth);
    close([found.loss], [loss]);
    close(found.gradient, gradient);
  }
});

test("the weights that take in norms are Python's bits", () => {
  const { folds, stored, computed } = python.folded;
  expect(folds.length).toBe(2);
  const weights = new Map(
    Object.entries(stored).map(([name, values]) => [name, Float32Array.from(values)]),
  );
  const found = withFolds(weights, folds);
  expect([...found.keys()].sort()).toEqual([...weights.keys(), ...Object.keys(computed)].sort());
  for (const [name, values] of Object.entries(computed)) {
    expect(Array.from(found.get(name)!), name).toEqual(values);
  }
});

test("what is kept in planes and differences comes back, with Python's checksum", () => {
  const { floats, planes, checksum, numbers, differences } = python.kept;
  const found = joined(Uint8Array.from(planes));
  expect(Array.from(found)).toEqual(floats);
  expect(crc32(found)).toBe(checksum);
  const flipped = new Uint8Array(found.buffer);
  flipped[17] ^= 4;
  expect(crc32(found)).not.toBe(checksum);
  expect(Array.from(accumulated(Int32Array.from(differences)))).toEqual(numbers);
});

test("a part of a larger buffer has its own checksum", () => {
  const { floats, checksum } = python.kept;
  const larger = new Float32Array([9, ...floats, 9]);
  expect(crc32(larger.subarray(1, -1))).toBe(checksum);
});

test.each(["signed", "weights"] as const)("values have Python's colours: %s", (scale: Scale) => {
  for (const one of python.coloured) {
    const { limit } = rangeOf(one.values);
    close([limit], [one.limit], 1e-15);
    const found = new Uint8ClampedArray(4 * one.values.length);
    one.values.forEach((value, i) => colour(found, 4 * i, value, limit, scale));
    const expected = one[scale as "signed" | "weights"];
    found.forEach((byte, i) => {
      // of what is clear the colour is of no matter, and halves are rounded either way
      if (i % 4 !== 3 && found[i - (i % 4) + 3] === 0) return;
      expect(Math.abs(byte - expected[i]), `${i}`).toBeLessThanOrEqual(i % 4 === 3 ? 1 : 0);
    });
  }
});

test("a scale's table has the colours at its ends, at 0, and of what is no number", () => {
  const colours = table("signed");
  const bytes = (value: number): number[] => [
    ...new Uint8Array(colours.buffer, 4 * tableIndex(value, 2), 4),
  ];
  expect(bytes(-2)).toEqual([0, 114, 178, 255]);
  expect(bytes(5)).toEqual([213, 94, 0, 255]);
  expect(bytes(0)[3]).toBe(0);
  for (const value of [NaN, Infinity, -Infinity]) expect(bytes(value)).toEqual([240, 228, 66, 255]);
});

test("places and positions belong together", () => {
  const shape = [3, 5, 2];
  for (let place = 0; place < 30; place++)
    expect(offset(shape, position(shape, place))).toBe(place);
  const values = { shape: [1, 2], values: [7, 8] };
  expect([0, 1].map((c) => broadcast(values, [2, 4, c]))).toEqual([7, 8]);
});

test("numbers are written with a true minus sign, and never as what they are not", () => {
  const shown = [-3, 0, 1234.5, -0.00012345, NaN, -Infinity].map(short);
  expect(shown).toEqual(["−3", "0", "1235", "−1.23e−4", "NaN", "−∞"]);
  expect(Number(full(Math.fround(0.1)).replace("−", "-"))).toBeCloseTo(Math.fround(0.1), 9);
  expect(percent(1)).toBe("100.0 %");
  expect(percent(0.99999)).not.toBe("100.0 %");
  expect([signed(2), signed(-2), signed(0)]).toEqual(["+2", "−2", "0"]);
});
