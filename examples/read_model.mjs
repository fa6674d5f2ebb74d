// A model file read without Pellucid, by docs/model-format.md and the site's "What operations compute" alone.
//
//   node examples/read_model.mjs MODEL            computes the file's own self-test, and compares
//   node examples/read_model.mjs MODEL PIXELS     answers for a file of height·width·channels bytes
//
// It has the operations of the lecture's network, LeNet-5, VGG and ResNet. Node 20 or newer, no packages.
import { readFileSync } from "node:fs";

/** The description and the arrays of a safetensors file; numbers are little-endian. */
function read(path) {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString("utf8"));
  const description = JSON.parse(header.__metadata__.pellucid);
  if (description.format !== 2) throw new Error(`${path} is no model of format 2`);
  delete header.__metadata__;
  const arrays = {};
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of Object.entries(header)) {
    const part = bytes.subarray(8 + length + start, 8 + length + end);
    const values =
      dtype === "U8"
        ? new Uint8Array(part)
        : Float32Array.from({ length: part.length / 4 }, (_, i) => part.readFloatLE(4 * i));
    arrays[name] = { shape, values };
  }
  return { description, arrays };
}

/** How windows lie along one axis of n positions: how many, and the padding before the first. */
function span(n, k, s, d, padding, edge) {
  const reach = (k - 1) * d + 1;
  let before = 0, after = 0;
  if (padding === "same") {
    const all = Math.max(0, (Math.ceil(n / s) - 1) * s + reach - n);
    before = Math.floor(all / 2);
    after = all - before;
  } else if (padding !== "valid") [before, after] = padding;
  const room = (n + before + after - reach) / s;
  let count = Math.floor(room) + 1;
  if (edge === "count") {
    count = Math.ceil(room) + 1;
    if ((count - 1) * s >= n + before) count -= 1;
  }
  return { count, before };
}

/** Calls `each(output, input, place)` for every pixel that a window reads: offsets without channels. */
function windows([height, width], { size, stride, dilation = [1, 1], padding, edge }, each) {
  const side = (axis) => (Array.isArray(padding) ? padding[axis] : padding);
  const down = span(height, size[0], stride[0], dilation[0], side(0), edge);
  const across = span(width, size[1], stride[1], dilation[1], side(1), edge);
  for (let i = 0; i < down.count; i++)
    for (let j = 0; j < across.count; j++)
      for (let ky = 0; ky < size[0]; ky++)
        for (let kx = 0; kx < size[1]; kx++) {
          const y = i * stride[0] - down.before + ky * dilation[0];
          const x = j * stride[1] - across.before + kx * dilation[1];
          if (y >= 0 && y < height && x >= 0 && x < width)
            each(i * across.count + j, y * width + x, ky * size[1] + kx);
        }
  return [down.count, across.count];
}

const each = (x, f) => ({ shape: x.shape, values: x.values.map(f) });

/** What each kind of operation makes of its inputs; w("kernel") is a weight, op has the settings. */
const OPERATIONS = {
  normalise: ([x], op) => {
    const c = x.shape[2];
    return each(x, (v, i) => (v - op.mean[i % c]) / op.std[i % c]);
  },
  relu: ([x]) => each(x, (v) => (v > 0 ? v : 0)),
  dropout: ([x]) => x,
  add: (inputs) => each(inputs[0], (_, i) => inputs.reduce((sum, x) => sum + x.values[i], 0)),
  flatten: ([x]) => ({ shape: [x.values.length], values: x.values }),
  batch_norm: ([x], op, w) => {
    const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map((n) => w(n).values);
    return each(x, (v, i) => {
      const c = i % mean.length;
      return (gamma[c] * (v - mean[c])) / Math.sqrt(variance[c] + op.epsilon) + beta[c];
    });
  },
  conv2d: ([x], op, w) => {
    const channels = x.shape[2], own = channels / op.groups, filters = op.filters;
    const kernel = w("kernel").values, bias = op.bias ? w("bias").values : [];
    const sums = [], start = () => Float64Array.from({ length: filters }, (_, o) => bias[o] ?? 0);
    const shape = windows(x.shape, op, (out, at, place) => {
      const row = (sums[out] ??= start());
      for (let o = 0; o < filters; o++) {
        const from = Math.floor(o / (filters / op.groups)) * own;
        for (let c = 0; c < own; c++)
          row[o] += x.values[at * channels + from + c] * kernel[(place * own + c) * filters + o];
      }
    });
    const all = Array.from({ length: shape[0] * shape[1] }, (_, out) => [...(sums[out] ?? start())]);
    return { shape: [...shape, filters], values: all.flat() };
  },
  max_pool: ([x], op) => {
    const channels = x.shape[2], values = [];
    const shape = windows(x.shape, op, (out, at) => {
      for (let c = 0, y = out * channels; c < channels; c++, y++)
        values[y] = Math.max(values[y] ?? -Infinity, x.values[at * channels + c]);
    });
    return { shape: [...shape, channels], values };
  },
  global_average_pool: ([x]) => {
    const [height, width, channels] = x.shape, values = new Array(channels).fill(0);
    x.values.forEach((v, i) => (values[i % channels] += v / (height * width)));
    return { shape: [channels], values };
  },
  dense: ([x], op, w) => {
    const kernel = w("kernel").values, bias = op.bias ? w("bias").values : [];
    const values = Array.from({ length: op.units }, (_, o) =>
      x.values.reduce((sum, v, i) => sum + v * kernel[i * op.units + o], bias[o] ?? 0),
    );
    return { shape: [op.units], values };
  },
};

/** The logits of one picture, values 0 to 255 row by row, channels innermost; sums in 64 bits. */
function logits({ description, arrays }, pixels) {
  const { inputs, nodes, outputs } = description.graphs.main;
  const [[input, { shape }]] = Object.entries(inputs);
  const values = { [input]: { shape, values: Float64Array.from(pixels) } };
  for (const { name, inputs: from, operation, weights = name } of nodes) {
    const compute = OPERATIONS[operation.kind];
    if (!compute) throw new Error(`${name}: there is no ${operation.kind} here; add it to OPERATIONS`);
    const weight = (own) => arrays[`${weights}.${own}`];
    values[name] = compute(from.map((each) => values[each]), operation, weight);
  }
  return values[Object.values(outputs)[0]].values;
}

const [path, pixels] = process.argv.slice(2);
const model = read(path);
if (pixels) {
  const found = logits(model, readFileSync(pixels));
  const most = Math.max(...found), powers = [...found].map((v) => Math.exp(v - most));
  const sum = powers.reduce((a, b) => a + b);
  const answers = model.description.task.classes.map((name, k) => [name, powers[k] / sum]);
  console.log(JSON.stringify(Object.fromEntries(answers)));
} else {
  const images = model.arrays["self_test.images"], known = model.arrays["self_test.logits"];
  const [count, ...shape] = images.shape, one = shape.reduce((a, b) => a * b);
  const found = Array.from({ length: count }, (_, n) =>
    [...logits(model, images.values.subarray(n * one, (n + 1) * one))],
  ).flat();
  const largest = Math.max(...known.values.map(Math.abs));
  const apart = Math.max(...found.map((v, i) => Math.abs(v - known.values[i]))) / largest;
  console.log(`${count} pictures: ${apart.toExponential(1)} of the largest logit apart`);
  if (!(apart < 1e-3)) process.exitCode = 1;
}
