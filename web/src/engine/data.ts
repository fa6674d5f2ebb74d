/** What a page knows, as Python wrote it; `docs/page.md` describes each entry. */

export type Shape = readonly number[];
export type Position = readonly number[];

/** What a network takes: pixels 0..255, or noise. */
export type Taken = Uint8Array | Float32Array;

export interface Follow {
  axis: number;
  stride: number;
  divide: number;
  modulo: number | null;
}

/** Positions and factors written out, for each place along some of the output's axes. */
export interface Table {
  by: number[];
  shape: number[];
  entries: [position: number, factor: number | null][][];
}

/** A position between two that are read: scale · v + offset, of a value v of another input. */
export interface Located {
  branch: number;
  by: number[];
  channel: number;
  scale: number;
  offset: number;
  /** Whether factors are their derivatives by the position instead. */
  steep?: boolean;
}

/** What the parts of a box read of an axis, see `pellucid/ops/regions.py`. */
export interface Cut {
  branch: number;
  by: number[];
  /** The place of the lower end in a row of boxes; the upper end is two behind it. */
  low: number;
  parts: number;
  scale: number;
  /** Places that are read in a part; 0: all positions that it covers. */
  samples: number;
  numbers: number;
}

/** What is read along one axis of an input, see `pellucid/ops/reads.py`. */
export interface Axis {
  length: number;
  follows: Follow[];
  taps: number;
  dilation: number;
  before: number;
  divisor: number;
  table: Table | null;
  located: Located | Cut | null;
}

export interface WeightPlace {
  name: string;
  index: ["tap" | "output", number][];
}

/** An array that broadcasts to a layer's output. */
export interface Broadcast {
  shape: number[];
  values: number[];
}

/** Slopes of a function that is straight between its kinks. */
export interface Slopes {
  kinks: number[];
  between: number[];
  at: number[];
}

/** What a layer's settings say, where they are not what one expects of its kind. */
export interface Settings {
  depthwise?: boolean;
  size?: string;
  maps?: number;
  stride?: string;
  dilation?: string;
  groups?: number;
}

export type Rule = "sum" | "maximum" | "share" | "product" | "function" | "sampled";
export type Family =
  | "activation"
  | "convolution"
  | "dense"
  | "joint"
  | "layout"
  | "normalisation"
  | "pooling"
  | "probabilities"
  | "regularisation"
  | "resampling";

export interface NodeData {
  name: string;
  kind: string;
  title: string;
  words: string;
  /** What it is, with its settings, in English. */
  described: string;
  settings: Settings;
  family: Family;
  rule: Rule;
  inputs: string[];
  shape: number[];
  /** Full names of its weights, by their short ones. */
  weights: Record<string, string>;
  /** The short names of those that are trained. */
  trained: string[];
  multiply_adds: number;
  reads: { inputs: Axis[][]; weight: WeightPlace | null };
  multiplied?: Broadcast;
  added?: Broadcast;
  norm?: { epsilon: number };
  negative_factor?: string;
  /** Of a product of two inputs, number by number: what each product is multiplied with. */
  paired?: number;
  /** The short name of the weight of which rows are taken, by their numbers. */
  table?: string;
  /** Of a recurrent unit: its gates, in the order in which they lie in its kernels. */
  gates?: string[];
  /** Of a recurrent unit that has one: what its cell is called. */
  cell?: string;
  slopes?: Slopes;
  /** Of a function: of `x`, the value at its own place, and of `all` that it reads; not of recurrent units. */
  formula?: string;
  /** Where a function bends, and the slope that is declared there. */
  kinks?: [number, number][];
  /** Of proposals: pixels from cell to cell, and width and height of each anchor of a cell. */
  anchors?: { stride: number; sizes: [number, number][] };
}

/** A step is a list of layers' names; branches end in the layers that join them. */
export type Outline = (string[] | { branches: Outline[]; joint: string[] })[];

/** How a layer's weights are made where it has taken in a batch norm. */
export interface Fold {
  into: string;
  /** The layer before the norm. */
  layer: string;
  kernel: string;
  bias: string | null;
  norm: string;
  epsilon: number;
}

export interface GraphData {
  input: number[];
  output: string;
  nodes: NodeData[];
  /** All layers as they are trained, each norm and what it is folded into by itself. */
  whole: string[];
  /** Those of them that predict as one. */
  apart: NodeData[];
  /** What makes of the outputs what users read. */
  reading: NodeData;
  outline: Outline;
  folds: Fold[];
  /** The layer that Grad-CAM looks into; none without convolutions. */
  cam: string | null;
}

/** The network with one pooling swapped: what changes of it. */
export interface VariantData {
  layer: string;
  nodes: NodeData[];
  programs: { forward: ProgramData; backward: ProgramData };
}

/** The lecture's own examples; see `pellucid/explain/lecture.py`. */
export interface Slides {
  image: number[][];
  kernel: number[][];
  feature_map: number[][];
  misprint: { row: number; column: number; printed: number; computed: number };
  rectified: number[][];
  pooled: number[][];
  flattened: number[];
  softmax: { scores: number[]; probabilities: number[] };
  targets: number[][];
  networks: {
    name: string;
    probabilities: number[][];
    classification_error: number;
    mean_squared_error: number;
    cross_entropy: number;
  }[];
}

/** A kernel of the lecture's gallery. */
export interface GalleryKernel {
  name: string;
  matrix: number[][];
}

/** Where the values of one image lie: bytes, and steps in floats of image, row and column. */
export interface Place {
  address: number;
  shape: [number, number, number];
  strides: [number, number, number];
}

export type Variant = "plain" | "fused";

export interface ProgramData {
  pages: number;
  capacity: number;
  input: number[];
  table: number;
  pixels: number;
  flips: boolean;
  schedules: string[];
  values: Record<string, Place>;
  gradients: Record<string, Place>;
  weights: { name: string; shape: number[]; copies: number }[];
  /** What adds up to a weight's gradient: partial sums that lie so far behind one of its copies. */
  weight_gradients?: Record<
    string,
    { copy: number; shift: number; chunks: number; step: number }[]
  >;
  scalars: { address: number; count: number };
  labels?: number;
  loss?: number;
  /** Names of blobs. */
  addresses: string;
  blocks: string;
  memory: string;
  modules: Record<Variant, string>;
}

export interface Preprocessing {
  height: number;
  width: number;
  channels: 1 | 3;
  resize: "pad" | "crop" | "stretch";
  background: number;
  border: number;
  decoding: string;
  value_range?: [number, number, boolean];
  invert?: boolean;
  filter?: "triangle" | "bicubic";
  /** How a recording becomes a picture, where the network hears. */
  sound?: object;
  margin?: number;
}

export type TaskKind =
  | "single-label"
  | "multi-label"
  | "regression"
  | "detection"
  | "region-detection"
  | "transcripts"
  | "generation";

/** How a detector's boxes are found, see `pellucid/ops/find_boxes.py` and `find_regions.py`. */
export interface BoxesData {
  /** Pixels from cell to cell, of boxes that are found in a map. */
  stride?: number;
  /** Height and width of the picture, of boxes that are found in regions. */
  size?: [number, number];
  most: number;
  least: number;
  overlap: number;
  /** The least probability of boxes that are shown. */
  shown: number;
}

/** How a recognizer writes: words or characters, and how long a step lasts. */
export interface StepsData {
  units: "words" | "characters";
  /** Seconds from one step to the next. */
  seconds: number;
}

/** How a model learned: what it minimised, and its learning rate. */
export interface LearnerData {
  loss: LossData;
  learning_rate: number;
}

export type LossData =
  | { kind: "cross_entropy"; label_smoothing: number; class_weights: number[] | null }
  | { kind: "huber"; delta: number }
  | { kind: "mean_squared_error" | "sigmoid_cross_entropy" | "squared_error" }
  | CentreLossData;

/** The loss of detectors of one stage. */
export interface CentreLossData {
  kind: "centre_loss";
  stride: number;
  /** How much of a box's width and height its cells take. */
  spread: number;
  /** How much boxes count beside classes. */
  box_weight: number;
}

export interface ModelData {
  task: TaskKind;
  names: string[];
  preprocessing: Preprocessing;
  parameters: number;
  /** Of numbers: what brings each back to its unit. */
  reading?: { scale: number[]; shift: number[] };
  /** Of labels: the probability from which a picture has one. */
  threshold?: number;
  /** Of detectors: how boxes are found in the outputs. */
  boxes?: BoxesData;
  /** Of generators: the layer that gives pictures in −1..1, and directions in the noise. */
  generated?: { picture: string; directions: number[][] };
  /** Of recognizers: how texts are written, step by step. */
  steps?: StepsData;
}

export interface ParameterData {
  name: string;
  shape: number[];
  initializer: string | number;
  fan_in: number;
  fan_out: number;
  /** What first weights are multiplied with; none: nothing. */
  times?: number;
}

export type ScheduleData =
  | { kind: "constant" }
  | { kind: "step"; every: number; drop: number }
  | { kind: "cosine"; warmup: number }
  | { kind: "one-cycle"; rise: number; start: number; end: number };

export type OptimizerData = { weight_decay: number } & (
  { kind: "sgd" } | { kind: "adam" | "adamw"; beta1: number; beta2: number }
);

export interface RecipeData {
  learning_rate: number;
  epochs: number;
  batch_size: number;
  seed: number;
  schedule: ScheduleData;
  optimizer: OptimizerData;
  loss: { label_smoothing?: number; class_weights?: number[] | null };
}

/** The layer that makes the outputs, where some of them can be left out. */
export interface HeadData {
  layer: string;
  kernel: string;
  bias: string;
  units: number;
  /** What its operation calls their number. */
  setting: string;
}

export interface PicturesData {
  count: number;
  name: string;
  pixels: string;
  labels: string;
}

/** JSON values. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** What a model file says of a network, see `docs/model-format.md`. */
export interface FileData {
  graph: {
    nodes: ({ name: string; operation: { [key: string]: Json } } & { [key: string]: Json })[];
  };
  classes: string[];
  label_kind: string;
  preprocessing: { [key: string]: Json };
  provenance: { [key: string]: Json };
}

export interface LearnData {
  recipe: RecipeData;
  parameters: ParameterData[];
  head: HeadData | null;
  train: PicturesData;
  judge: PicturesData;
  step: ProgramData;
  answers: ProgramData;
  file: FileData;
}

export interface SamplesData {
  pixels: string;
  names: string[];
  /** Places of classes. */
  truths: (number | null)[];
  /** Of several labels each 0 or 1; of numbers these in their units. */
  wanted?: (number[] | null)[];
  /** Of detectors: x0, y0, x1, y1 in pixels and the place of the class of each box. */
  boxes?: (number[][] | null)[];
  /** Of recognizers: the text that is said; none where it is not known. */
  texts?: (string | null)[];
  /** Whether nobody has named them: noise and a grey picture. */
  made?: boolean;
}

/** Of a captioner's page, see `pellucid/page/captions.py`. */
export interface CaptionsData {
  cell: "gru" | "lstm";
  /** The gates of the recurrent layer, in the order in which they lie in its kernels. */
  gates: string[];
  end: number;
  unknown: number;
  first: number;
  length: number;
  beam: number;
  /** Of the map that words look at, (h, w). */
  size: [number, number];
  layers: { places: string; sees: string; looks: string; hidden: string; answer: string };
  weights: { table: string; reads: string; query: string; state: string; bias: string };
  /** Of each sample the greedy caption and its end, as Python writes it. */
  expected: { words: number[]; probabilities: number[] }[];
}

/** A training that the page shows again; see `pellucid/page/replay.py`. */
export interface ReplayData {
  /** What was measured in each epoch, by name: `epoch`, `loss`, `validation_loss`, … */
  rows: ({ epoch: number; loss: number | null; learning_rate: number | null } & {
    [measure: string]: number | null | undefined;
  })[];
  /** The epoch that the page's network is of. */
  best: number | null;
  /** What epochs are ranked by besides the loss, and where it stands in their rows. */
  measure: { name: string; row: string; form: "share" | "number" } | null;
  /** The pictures that judged them. */
  judged: { name: string; count: number } | null;
  /** Blobs of what changes in the weights from one epoch to the next, of all bits. */
  epochs: { epoch: number; changes: string }[];
}

/** Where a page that follows a training finds its weights, relative to its own address. */
export interface LiveData {
  events: string;
  weights: string;
}

export interface PageData {
  format: 1;
  version: string;
  title: string;
  model: ModelData;
  learner: LearnerData;
  graph: GraphData;
  weights: { names: [string, number[]][]; floats: string };
  programs: { forward: ProgramData; backward: ProgramData };
  variants: VariantData[];
  gallery: GalleryKernel[];
  slides: Slides;
  samples: SamplesData;
  self_test: { engine: string; outputs: number[]; checksums: Record<string, number> };
  learn: LearnData | null;
  captions?: CaptionsData | null;
  live?: LiveData | null;
  replay?: ReplayData | null;
}
