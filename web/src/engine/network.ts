/** The network of a page: its weights, its programs, and the values of one picture. */

import { crc32 } from "./checks";
import type { GraphData, NodeData, PageData, Position, Shape, Taken, VariantData } from "./data";
import { withFolds } from "./folds";
import { joined, offset } from "./arrays";
import { type Gradients, ProgramGradients } from "./gradients";
import { type Bytes, type Parts, partsOf, Program } from "./program";
import { findBoxes, type FoundBox } from "./boxes";
import { gateNodes, gateValues } from "./recurrent";
import { type Anchor, anchorsOf } from "./regions";
import { type Read, reading } from "./task";

/** The name of the picture among the values. */
export const INPUT = "input";

export interface SelfTest {
  same: boolean;
  /** The first layer whose values are not those of the engine in Python; none if all are. */
  first: string | null;
  /** The largest difference of an output, as a share of the largest output. */
  difference: number;
}

/** Every value that a picture gives rise to. */
export class Values {
  private readonly found = new Map<string, Float32Array>();

  private made: Float64Array | undefined;
  private foundBoxes: FoundBox[] | undefined;
  private proposed: (Anchor | null)[] | undefined;

  constructor(
    readonly pixels: Taken,
    private readonly shapes: ReadonlyMap<string, Shape>,
    private readonly read: (name: string) => Float32Array,
    private readonly graph: Pick<GraphData, "output" | "reading">,
    private readonly model: Read,
  ) {}

  /** A layer's values, or the pixels. */
  of(name: string): Float32Array {
    let values = this.found.get(name);
    if (!values) {
      values = name === INPUT ? Float32Array.from(this.pixels) : this.read(name);
      this.found.set(name, values);
    }
    return values;
  }

  at(name: string, at: Position): number {
    const { reading } = this.graph;
    if (name === reading.name) return this.answer[offset(reading.shape, at)];
    return this.of(name)[offset(this.shapes.get(name)!, at)];
  }

  /** What users read of the outputs. */
  get answer(): Float64Array {
    const { output } = this.graph;
    return (this.made ??= reading(this.model, this.of(output), this.shapes.get(output)!));
  }

  /** The boxes that are found in the outputs; none of networks that find none. */
  get boxes(): FoundBox[] {
    const { boxes } = this.model;
    const { output } = this.graph;
    if (!boxes) return [];
    return (this.foundBoxes ??= findBoxes(boxes, this.of(output), this.shapes.get(output)!));
  }

  /** Of a layer of proposals, the anchor that each row was made of. */
  anchors(node: NodeData): readonly (Anchor | null)[] {
    const [from] = node.inputs;
    return (this.proposed ??= anchorsOf(
      node,
      this.of(from),
      this.shapes.get(from)!,
      this.of(node.name),
    ));
  }

  /** Read everything, so that later runs of the program change nothing here. */
  keep(): this {
    for (const name of this.shapes.keys()) this.of(name);
    return this;
  }
}

export class Network {
  /** The layers as they predict, by name. */
  readonly nodes: ReadonlyMap<string, NodeData>;
  /** The layers as they are trained, and as gradients are of them. */
  readonly whole: ReadonlyMap<string, NodeData>;
  /** The gates of recurrent units, by name; values of theirs are computed from those of layers. */
  readonly gates: ReadonlyMap<string, NodeData>;
  /** The shapes of the values of a picture. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The weights as they are stored. */
  private stored: Map<string, Float32Array>;
  /** These, and those that folding makes. */
  private computed: Map<string, Float32Array>;
  private readonly weightShapes: ReadonlyMap<string, Shape>;
  private readonly forward: Program;
  private backward: Program | null = null;

  private constructor(
    readonly data: PageData,
    private readonly bytes: Bytes,
    stored: Map<string, Float32Array>,
    forward: Parts,
  ) {
    this.nodes = new Map(data.graph.nodes.map((node) => [node.name, node]));
    const apart = new Map(data.graph.apart.map((node) => [node.name, node]));
    this.whole = new Map(
      data.graph.whole.map((name) => [name, apart.get(name) ?? this.nodes.get(name)!]),
    );
    this.gates = new Map(data.graph.nodes.flatMap(gateNodes).map((node) => [node.name, node]));
    this.shapes = new Map<string, Shape>([
      [INPUT, data.graph.input],
      ...[...data.graph.nodes, ...this.gates.values()].map((node): [string, Shape] => [
        node.name,
        node.shape,
      ]),
    ]);
    this.stored = stored;
    this.computed = withFolds(stored, data.graph.folds);
    const shapes = new Map<string, Shape>(data.weights.names);
    for (const fold of data.graph.folds) {
      shapes.set(`${fold.into}.kernel`, shapes.get(fold.kernel)!);
      shapes.set(`${fold.into}.bias`, shapes.get(`${fold.norm}.beta`)!);
    }
    this.weightShapes = shapes;
    this.forward = new Program(forward);
    this.forward.setWeights(this.computed);
  }

  static async open(data: PageData, bytes: Bytes): Promise<Network> {
    const [floats, parts] = await Promise.all([
      data.weights.floats ? bytes(data.weights.floats) : new Uint8Array(0),
      partsOf(data.programs.forward, bytes),
    ]);
    const all = joined(floats);
    const stored = new Map<string, Float32Array>();
    let next = 0;
    for (const [name, shape] of data.weights.names) {
      const length = shape.reduce((product, n) => product * n, 1);
      stored.set(name, all.subarray(next, next + length));
      next += length;
    }
    return new Network(data, bytes, stored, parts);
  }

  /** The layer of that name as it predicts, a gate of one, or what makes of the outputs what users read. */
  node(name: string): NodeData {
    const { reading } = this.data.graph;
    const node = name === reading.name ? reading : (this.nodes.get(name) ?? this.gates.get(name));
    if (!node) throw new Error(`there is no layer ${name}`);
    return node;
  }

  /** The shape of a layer's values, of the picture, or of what users read; none of nothing. */
  shape(name: string): Shape | undefined {
    const { reading } = this.data.graph;
    if (name === reading.name) return reading.shape;
    return this.shapes.get(name) ?? this.whole.get(name)?.shape;
  }

  /** The shape of a weight; that of a folded one is the stored one's. */
  weightShape(name: string): Shape {
    const shape = this.weightShapes.get(name);
    if (!shape) throw new Error(`there are no weights ${name}`);
    return shape;
  }

  /** The same with one pooling swapped, and the weights that this one has now. */
  async variant(variant: VariantData): Promise<Network> {
    const { graph } = this.data;
    const swapped = new Map(variant.nodes.map((node) => [node.name, node]));
    const nodes = graph.nodes.map((node) => swapped.get(node.name) ?? node);
    const data = { ...this.data, graph: { ...graph, nodes }, programs: variant.programs };
    const parts = await partsOf(variant.programs.forward, this.bytes);
    return new Network(data, this.bytes, this.stored, parts);
  }

  get weights(): ReadonlyMap<string, Float32Array> {
    return this.computed;
  }

  get storedWeights(): ReadonlyMap<string, Float32Array> {
    return this.stored;
  }

  /** Take other weights, of the names that are stored. */
  setWeights(stored: ReadonlyMap<string, Float32Array>): void {
    this.stored = new Map([...this.stored, ...stored]);
    this.setComputed(withFolds(this.stored, this.data.graph.folds));
  }

  /** Take other weights as the layers have them, folded ones too; e.g. with a map muted. */
  setComputed(computed: ReadonlyMap<string, Float32Array>): void {
    this.computed = new Map([...this.computed, ...computed]);
    this.forward.setWeights(this.computed);
    this.backward?.setWeights(this.stored);
  }

  /** The values of a picture; they stay as they are until the next call, or for good if kept. */
  run(pixels: Taken): Values {
    this.forward.run(pixels);
    const { graph, model } = this.data;
    const read = (name: string): Float32Array => {
      const gate = this.gates.get(name);
      return gate ? gateValues(this, values, gate) : this.forward.value(name);
    };
    const values: Values = new Values(pixels, this.shapes, read, graph, model);
    return values;
  }

  /** Nothing but the outputs, of pixels that may be no whole numbers. */
  outputsOf(pixels: Float32Array): Float32Array {
    this.forward.runFloats(pixels);
    return this.forward.value(this.data.graph.output);
  }

  /** The gradients of what has the given gradient at the outputs. */
  async differentiate(pixels: Taken, seed: ArrayLike<number>): Promise<Gradients> {
    const program = (this.backward ??= await this.openBackward());
    return new ProgramGradients(program, this.data.graph.output, pixels, seed);
  }

  /** Compare the values of the self-test's picture with those that Python's engine computed. */
  selfTest(pixels: Taken): SelfTest {
    const { checksums, outputs } = this.data.self_test;
    const values = this.run(pixels);
    const differing = this.data.graph.nodes.find(
      ({ name }) => crc32(values.of(name)) !== checksums[name],
    );
    const found = values.of(this.data.graph.output);
    const largest = Math.max(...outputs.map(Math.abs), Number.MIN_VALUE);
    const apart = outputs.map((expected, k) => Math.abs(found[k] - expected));
    return {
      same: !differing,
      first: differing?.name ?? null,
      difference: Math.max(...apart) / largest,
    };
  }

  /** The layers that take a layer's values (or the input's). */
  readers(name: string): NodeData[] {
    return this.data.graph.nodes.filter((node) => node.inputs.includes(name));
  }

  /** The same, and of the outputs what makes of them what users read, e.g. probabilities. */
  users(name: string): NodeData[] {
    const { output, reading } = this.data.graph;
    return name === output ? [...this.readers(name), reading] : this.readers(name);
  }

  private async openBackward(): Promise<Program> {
    const program = new Program(await partsOf(this.data.programs.backward, this.bytes));
    program.setWeights(this.stored);
    return program;
  }
}
