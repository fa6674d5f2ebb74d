/**
 * What a layer computes of each value, as Python states it for spreadsheets: a text such as
 * `x/(1+EXP(-x))` of `x`, the value at its own place, and `all` that it reads. Beside the value it
 * gives the slope, by the rules of differentiation alone: nothing here knows what a layer is.
 */

/** Numbers, and how each changes with the value that is asked about; one, or as many as are read. */
interface Dual {
  values: Float64Array;
  slopes: Float64Array;
}

interface Given {
  x: Dual;
  all: Dual;
}

type Node = (given: Given) => Dual;

/** e^x is cut off here, so that slopes of what is flat by then are no ∞/∞. */
const LARGEST_EXPONENT = 340;

export interface Evaluated {
  value: number;
  /** The change with the value at `towards`. */
  slope: number;
}

export class Formula {
  private readonly node: Node;

  constructor(readonly text: string) {
    this.node = new Parser(text).whole();
  }

  /**
   * The value, and its slope with respect to one of the values that are read.
   *
   * @param all what is read
   * @param own which of it is at its own place
   * @param towards with respect to which the slope is taken
   */
  at(all: ArrayLike<number>, own: number, towards: number): Evaluated {
    const slopes = new Float64Array(all.length);
    slopes[towards] = 1;
    const whole = { values: Float64Array.from(all), slopes };
    const x = {
      values: whole.values.subarray(own, own + 1),
      slopes: slopes.subarray(own, own + 1),
    };
    const { values, slopes: found } = this.node({ x, all: whole });
    return { value: values[0], slope: found[0] };
  }
}

/** Apply a function to numbers: its value and derivative at each. */
function each(x: Dual, rule: (value: number) => readonly [number, number]): Dual {
  const values = new Float64Array(x.values.length);
  const slopes = new Float64Array(x.values.length);
  x.values.forEach((value, i) => {
    const [result, derivative] = rule(value);
    values[i] = result;
    slopes[i] = derivative * x.slopes[i];
  });
  return { values, slopes };
}

/** Apply a function of two to numbers; one is repeated as often as the other needs. */
function pairs(
  a: Dual,
  b: Dual,
  rule: (x: number, y: number, dx: number, dy: number) => readonly [number, number],
): Dual {
  const count = Math.max(a.values.length, b.values.length);
  const found = { values: new Float64Array(count), slopes: new Float64Array(count) };
  const [atA, atB] = [a.values.length === 1 ? 0 : 1, b.values.length === 1 ? 0 : 1];
  for (let i = 0; i < count; i++) {
    const [j, k] = [i * atA, i * atB];
    const [value, slope] = rule(a.values[j], b.values[k], a.slopes[j], b.slopes[k]);
    found.values[i] = value;
    found.slopes[i] = slope;
  }
  return found;
}

function one(value: number, slope: number): Dual {
  return { values: Float64Array.of(value), slopes: Float64Array.of(slope) };
}

function sum(x: Dual): Dual {
  return one(
    x.values.reduce((total, value) => total + value, 0),
    x.slopes.reduce((total, slope) => total + slope, 0),
  );
}

/** The first of all the numbers that none is better than. */
function best(args: Dual[], better: (a: number, b: number) => boolean): Dual {
  let found = one(args[0].values[0], args[0].slopes[0]);
  for (const { values, slopes } of args) {
    values.forEach((value, i) => {
      if (better(value, found.values[0])) found = one(value, slopes[i]);
    });
  }
  return found;
}

const OPERATORS: Record<string, (a: Dual, b: Dual) => Dual> = {
  "+": (a, b) => pairs(a, b, (x, y, dx, dy) => [x + y, dx + dy]),
  "-": (a, b) => pairs(a, b, (x, y, dx, dy) => [x - y, dx - dy]),
  "*": (a, b) => pairs(a, b, (x, y, dx, dy) => [x * y, dx * y + x * dy]),
  "/": (a, b) => pairs(a, b, (x, y, dx, dy) => [x / y, (dx - (x / y) * dy) / y]),
  // exponents are constants
  "^": (a, b) => pairs(a, b, (x, y, dx) => [x ** y, dx === 0 ? 0 : y * x ** (y - 1) * dx]),
  ">": (a, b) => pairs(a, b, (x, y) => [x > y ? 1 : 0, 0]),
};

const FUNCTIONS: Record<string, (...args: Dual[]) => Dual> = {
  EXP: (x) =>
    each(x, (value) => {
      const power = Math.exp(Math.min(value, LARGEST_EXPONENT));
      return [power, power];
    }),
  TANH: (x) => each(x, (value) => [Math.tanh(value), 1 / Math.cosh(value) ** 2]),
  MAX: (...args) => best(args, (a, b) => a > b),
  MIN: (...args) => best(args, (a, b) => a < b),
  SUM: (...args) => args.map(sum).reduce((a, b) => OPERATORS["+"](a, b)),
  SUMSQ: (x) => sum(each(x, (value) => [value * value, 2 * value])),
  SUMPRODUCT: (...args) => sum(args.reduce((a, b) => OPERATORS["*"](a, b))),
  IF: (condition, yes, no) => (condition.values[0] ? yes : no),
};

/** Reads a formula: operators by their rank, calls, numbers and the two names. */
class Parser {
  private readonly tokens: string[];
  private next = 0;

  constructor(private readonly text: string) {
    this.tokens = text.match(/\d+\.?\d*(?:e[+-]?\d+)?|[A-Za-z]+|\S/g) ?? [];
  }

  whole(): Node {
    const node = this.operation(0);
    if (this.next < this.tokens.length) this.fail();
    return node;
  }

  private operation(rank: number): Node {
    const ranks = [[">"], ["+", "-"], ["*", "/"], ["^"]];
    if (rank === ranks.length) return this.operand();
    let left = this.operation(rank + 1);
    while (ranks[rank].includes(this.tokens[this.next])) {
      const operator = OPERATORS[this.tokens[this.next++]];
      const [before, right] = [left, this.operation(rank + 1)];
      left = (given) => operator(before(given), right(given));
    }
    return left;
  }

  private operand(): Node {
    const token = this.tokens[this.next++] ?? this.fail();
    if (token === "-") {
      const operand = this.operand();
      return (given) => each(operand(given), (value) => [-value, -1]);
    }
    if (token === "(") {
      const node = this.operation(0);
      this.expect(")");
      return node;
    }
    if (/^\d/.test(token)) {
      const constant = one(Number(token), 0);
      return () => constant;
    }
    if (token === "x") return ({ x }) => x;
    if (token === "all") return ({ all }) => all;
    return this.call(token);
  }

  private call(name: string): Node {
    if (!Object.hasOwn(FUNCTIONS, name)) this.fail(name);
    this.expect("(");
    const args = [this.operation(0)];
    while (this.tokens[this.next] === ",") {
      this.next++;
      args.push(this.operation(0));
    }
    this.expect(")");
    return (given) => FUNCTIONS[name](...args.map((arg) => arg(given)));
  }

  private expect(token: string): void {
    if (this.tokens[this.next++] !== token) this.fail();
  }

  private fail(what = this.tokens[this.next - 1] ?? "its end"): never {
    throw new Error(`the formula ${this.text} cannot be read at ${what}`);
  }
}

const known = new Map<string, Formula>();

/** The formula of a text, read once. */
export function formulaOf(text: string): Formula {
  let formula = known.get(text);
  if (!formula) known.set(text, (formula = new Formula(text)));
  return formula;
}
