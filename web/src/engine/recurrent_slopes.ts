/** How the states of recurrent units change with what they read, and with their weights. */

import { offset } from "./arrays";
import type { NodeData, Position } from "./data";
import type { Passed } from "./gradient_terms";
import {
  before,
  CANDIDATE,
  ENTERS,
  FORGET,
  type Opened,
  opened,
  OUT,
  RESET,
  UPDATE,
} from "./recurrent";
import { weightAt } from "./terms";

/** What changes with a number at first: at a step's gates, of both their parts, and at the states. */
interface Moved {
  /** (part, step, column) → ∂(the part of the gate's sum). */
  at: (ofState: boolean, step: number, column: number) => number;
  /** ∂(the state before the first step), of a unit. */
  first: (unit: number) => number;
  /** ∂(the cell before the first step), of a unit. */
  firstCell: (unit: number) => number;
}

const NOTHING: Moved = { at: () => 0, first: () => 0, firstCell: () => 0 };

/** ∂state/∂(a value that the unit reads), of all states. */
export function stateSlopes(
  passed: Passed,
  node: NodeData,
  branch: number,
  at: Position,
): Float64Array {
  if (branch > 0) {
    const own = (unit: number): number => Number(unit === at[0]);
    return slopes(passed, node, { ...NOTHING, [branch === 1 ? "first" : "firstCell"]: own });
  }
  const kernel = node.weights["kernel"];
  const [step, feature] = at;
  return slopes(passed, node, {
    ...NOTHING,
    at: (ofState, t, column) =>
      ofState || t !== step ? 0 : weightAt(passed.network, kernel, [feature, column]),
  });
}

/** ∂state/∂weight, of all states. */
export function weightSlopes(
  passed: Passed,
  node: NodeData,
  parameter: string,
  at: Position,
): Float64Array {
  const own = parameter.startsWith("recurrent_");
  const column = at[at.length - 1];
  const read = (step: number): number => {
    if (at.length === 1) return 1; // a bias
    if (!own) return passed.at(node.inputs[0], [step, at[0]]);
    const state = before(node, step);
    return state ? passed.at(state.layer, [...state.at, at[0]]) : 0;
  };
  return slopes(passed, node, {
    ...NOTHING,
    at: (ofState, step, k) => (ofState === own && k === column ? read(step) : 0),
  });
}

const found = new WeakMap<Passed, Map<string, Opened>>();

/** How all states change with a number, step by step. */
function slopes(passed: Passed, node: NodeData, moved: Moved): Float64Array {
  const { network } = passed;
  let units = found.get(passed);
  if (!units) found.set(passed, (units = new Map()));
  let unit = units.get(node.name);
  if (!unit) units.set(node.name, (unit = opened(network, passed, node)));
  const { gates } = unit;
  const kernel = network.weights.get(node.weights["recurrent_kernel"])!;
  const [steps, count] = node.shape;
  const width = gates.length * count;
  const result = new Float64Array(steps * count);
  let carried = Float64Array.from({ length: count }, (_, u) => moved.first(u));
  const cell = Float64Array.from({ length: count }, (_, u) => moved.firstCell(u));
  for (let step = 0; step < steps; step++) {
    const back = new Float64Array(width);
    carried.forEach((slope, j) => {
      if (slope === 0) return;
      for (let column = 0; column < width; column++)
        back[column] += slope * kernel[offset([count, width], [j, column])];
    });
    const next = new Float64Array(count);
    for (let u = 0, k = step * count; u < count; u++, k++) {
      const [input, state] = [false, true].map((part) =>
        gates.map((_, gate) => {
          const column = gate * count + u;
          return moved.at(part, step, column) + (part ? back[column] : 0);
        }),
      );
      if (node.cell) {
        const sums = input.map((slope, gate) => slope + state[gate]);
        [next[u], cell[u]] = ofCell(unit, k, sums, cell[u]);
      } else {
        next[u] = ofState(unit, k, input, state, carried[u]);
      }
      result[k] = next[u];
    }
    carried = next;
  }
  return result;
}

/** How a state changes with its gates' sums of both parts, and with the state before. */
function ofState(
  unit: Opened,
  k: number,
  input: number[],
  state: number[],
  carried: number,
): number {
  const [r, z, c] = unit.gates.map((values) => values[k]);
  const reset = r * (1 - r) * (input[RESET] + state[RESET]);
  const update = z * (1 - z) * (input[UPDATE] + state[UPDATE]);
  const inner = input[CANDIDATE] + reset * unit.ofState[k] + r * state[CANDIDATE];
  return (1 - z) * (1 - c * c) * inner + z * carried + (unit.old[k] - c) * update;
}

/** How a state and its cell change with its gates' sums, and with the cell before. */
function ofCell(
  unit: Opened,
  k: number,
  sums: number[],
  carried: number,
): [state: number, cell: number] {
  const values = unit.gates.map((gate) => gate[k]);
  const slope = (gate: number): number => values[gate] * (1 - values[gate]) * sums[gate];
  const candidate = (1 - values[CANDIDATE] ** 2) * sums[CANDIDATE];
  const cell =
    values[FORGET] * carried +
    slope(FORGET) * unit.old[k] +
    slope(ENTERS) * values[CANDIDATE] +
    values[ENTERS] * candidate;
  const squashed = Math.tanh(unit.cell[k]);
  return [slope(OUT) * squashed + values[OUT] * (1 - squashed * squashed) * cell, cell];
}
