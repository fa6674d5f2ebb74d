/** What the page shows: the picture, the values that it gives rise to, what is selected. */

import { briefNames } from "../text/brief";
import { position } from "../engine/arrays";
import type { PageData, Position, Taken } from "../engine/data";
import type { Gradients } from "../engine/gradients";
import { levels } from "../engine/task";
import { INPUT, type Network, type SelfTest, type Values } from "../engine/network";
import type { Chapter } from "../lecture/parts";
import { Boxes } from "./boxes.svelte";
import { Captions } from "./captions.svelte";
import { Live } from "./live.svelte";
import { Replay } from "../replay/replay.svelte";
import type { Weights } from "../engine/program";
import { type Back, Backwards } from "./backwards.svelte";
import { Opening } from "./opening.svelte";
import { Steps } from "./steps.svelte";
import { Surgery } from "./surgery.svelte";
import { WhyChoices } from "./why.svelte";
import { catalogues, type Language } from "../text/index";

/** Where the picture comes from. */
export type Origin =
  | { kind: "sample"; index: number }
  | { kind: "drawn" }
  | { kind: "picture"; name: string }
  | { kind: "camera" }
  | { kind: "noise" };

export interface Place {
  layer: string;
  at: Position;
}

/** What the network's maps show of every layer: its values, or the loss's gradient at these. */
export interface Maps {
  kind: "values" | "gradients";
  of(layer: string): Float32Array;
}

export type View = "number" | "backward" | "why" | "learn" | "lecture";

export class PageState {
  readonly data: PageData;
  /** The network; surgery may swap it for one with another pooling. */
  network: Network = $state.raw()!;
  /** The weights that the page came with. */
  readonly delivered: ReadonlyMap<string, Float32Array>;
  readonly samples: Taken;
  readonly selfTest: SelfTest;
  /** The views that the page has, the first of which it opens with. */
  readonly views: readonly View[];
  /** The language that it opens with. */
  readonly firstLanguage: Language;

  /** What the network takes. */
  pixels = $state.raw<Taken>(new Uint8Array());
  origin = $state.raw<Origin>({ kind: "sample", index: 0 });
  /** The class that is right, where that is known or chosen. */
  truth = $state<number | null>(null);
  /** Grows whenever weights change, so that everything is computed again. */
  version = $state(0);
  /** What the outputs stand for where that was changed, e.g. for pictures of one's own. */
  classes = $state.raw<string[] | null>(null);
  language = $state<Language>("en");
  view = $state<View>("number");
  /** How the network is drawn: its maps side by side, or as planes in space. */
  networkView = $state<"flat" | "space">("flat");
  /** The value that is opened, behind those that led there. */
  path = $state.raw<Place[]>([]);

  /** The gradients of the loss, where a view has computed them. */
  gradients = $state.raw<Gradients | null>(null);
  /** Whether the maps show them. */
  gradientsShown = $state(false);

  readonly values: Values = $derived.by(() => {
    void this.version;
    return this.network.run(this.pixels).keep();
  });
  readonly outputs: Float32Array = $derived.by(() => this.values.of(this.data.graph.output));
  /** The picture: what the network takes, or makes; 0..255. */
  readonly picture: Taken | Uint8ClampedArray = $derived.by(() =>
    this.data.model.generated ? levels(this.values.of(this.pictureLayer)) : this.pixels,
  );
  /** What users read: probabilities, or numbers. */
  readonly answer: Float64Array = $derived.by(() => this.values.answer);
  /** The outputs' places, the likeliest first, none of a map; numbers, whose units differ, in their own order. */
  readonly ranking: number[] = $derived.by(() => {
    const places = Array.from(this.names.keys());
    if (this.data.model.boxes || this.data.model.steps) return [];
    if (this.data.model.task === "regression") return places;
    return places.sort((a, b) => this.answer[b] - this.answer[a] || a - b);
  });
  /** What the maps show. */
  readonly maps: Maps = $derived.by(() => {
    const { gradients, values } = this;
    return gradients && this.gradientsShown
      ? { kind: "gradients", of: (layer) => gradients.at(layer) }
      : { kind: "values", of: (layer) => values.of(layer) };
  });
  readonly text = $derived(catalogues[this.language]);
  readonly selected: Place | null = $derived(this.path.at(-1) ?? null);

  chapter = $state<Chapter>("pixels");
  readonly opening = new Opening(this);
  readonly why = new WhyChoices();
  readonly boxes: Boxes;
  /** Of a captioner's page: its words. */
  readonly captions: Captions | null = null;
  readonly steps: Steps;
  /** Of a page that follows a training: how it does. */
  readonly live: Live | null = null;
  /** Of a page that shows a training again: that. */
  readonly replay: Replay | null = null;
  /** Whether its weights are others than those that it came with, changes of `surgery` apart. */
  learned = $state(false);
  readonly surgery = new Surgery(this);
  readonly backwards: Backwards;

  constructor(
    data: PageData,
    network: Network,
    samples: Taken,
    language: Language,
    views: readonly View[],
    epochs: ReadonlyMap<number, Weights> = new Map(),
  ) {
    this.data = data;
    this.network = network;
    this.delivered = new Map(network.storedWeights);
    this.samples = samples;
    this.language = this.firstLanguage = language;
    this.views = views;
    this.view = views[0];
    this.backwards = new Backwards(this);
    this.boxes = new Boxes(this);
    if (data.captions) this.captions = new Captions(this, data.captions);
    this.steps = new Steps(this);
    if (data.replay) this.replay = new Replay(this, data.replay, epochs);
    if (data.live) this.live = new Live(this, data.live);
    this.selfTest = network.selfTest(this.samplePixels(0));
    this.takeSample(0);
  }

  /** What the outputs stand for, whole; own classes in the place of the network's. */
  get fullNames(): string[] {
    return this.classes ?? this.data.model.names;
  }

  /** The same as they are shown. */
  names = $derived.by(() => briefNames(this.fullNames));

  /** What an output stands for, also one that stands for no class of one's own. */
  nameOf(output: number): string {
    return this.names[output] ?? this.text.network.unnamed(output);
  }

  /** What an output stands for by its place: a class, or of a map also an edge's distance. */
  outputWords(at: Position): string {
    const last = at[at.length - 1];
    const { boxes: text, speech } = this.text;
    if (this.data.model.task === "generation") return this.text.noise.level(at[0], at[1]);
    if (this.data.model.steps) return speech.logit(this.steps.nameOf(last), at[at.length - 2]);
    if (at.length === 1) return this.text.number.ofClass(this.nameOf(last));
    const { length } = this.names;
    if (at.length === 2) {
      const place = last - 6; // behind the numbers of the region
      const of = (words: string): string => text.inRegion(words, at[0]);
      if (place < 0) return of(text.parts[last]);
      if (place <= length) return of(text.logitOf(place ? this.names[place - 1] : text.background));
      const number = place - length - 1;
      return of(`${this.names[number >> 2]}: ${text.numbers[number % 4]}`);
    }
    return last < length
      ? text.logit(this.names[last], at[0], at[1])
      : text.logarithm(text.sides[last - length], this.data.model.boxes!.stride!);
  }

  /** What is shown of an output by its number: a class, of a map with its cell. */
  outputName(place: number): string {
    if (this.data.model.steps) {
      const { classes } = this.steps;
      return `${this.steps.nameOf(place % classes)} [${Math.floor(place / classes)}]`;
    }
    if (!this.data.model.boxes) return this.names[place];
    const at = position(this.shape(this.data.graph.output), place);
    const name = this.names[at[2]] ?? this.text.boxes.edge(this.boxSide(at[2]));
    return `${name} [${at[0]}, ${at[1]}]`;
  }

  private boxSide(channel: number): string {
    return this.text.boxes.sides[channel - this.names.length];
  }

  /** The region whose maps are drawn: that of the opened value, or of the box that is looked at. */
  get region(): number {
    const { boxes, selected } = this;
    if (!this.data.model.boxes?.size) return 0;
    const shape = selected && this.shape(selected.layer);
    if (shape && shape.length !== 3 && selected.layer !== this.data.graph.reading.name)
      return selected.at[0];
    return boxes.chosen?.place[0] ?? 0;
  }

  get imageSize(): number {
    return this.shape(INPUT).reduce((product, n) => product * n, 1);
  }

  /** What is known to be right of the picture; nothing where one must choose. */
  get knownTruth(): number | null {
    return this.origin.kind === "sample" ? this.truthOf(this.origin.index) : null;
  }

  /** The class of a sample, where that is known and the outputs stand for the network's classes. */
  truthOf(sample: number): number | null {
    return this.classes ? null : this.data.samples.truths[sample];
  }

  /** The labels or numbers of a sample, where these are known. */
  wantedOf(sample: number): number[] | null {
    return this.data.samples.wanted?.[sample] ?? null;
  }

  /** The boxes that are right of the picture; none where nobody knows. */
  get rightBoxes(): number[][] {
    const { origin } = this;
    return (origin.kind === "sample" && this.data.samples.boxes?.[origin.index]) || [];
  }

  /** The text that is said; none where nobody knows. */
  get rightText(): string | null {
    const { origin } = this;
    return (origin.kind === "sample" && this.data.samples.texts?.[origin.index]) || null;
  }

  /** What a sample is called. */
  sampleName(index: number): string {
    const { made, names } = this.data.samples;
    return made ? this.text.input.made(names[index]) : names[index];
  }

  shape(layer: string): readonly number[] {
    const shape = this.shapeOf(layer);
    if (!shape) throw new Error(`there is no layer ${layer}`);
    return shape;
  }

  /** The shape of a layer's values; none if there is no such layer. */
  shapeOf(layer: string): readonly number[] | undefined {
    return this.network.shape(layer);
  }

  samplePixels(index: number): Taken {
    const size = this.data.graph.input.reduce((product, n) => product * n, 1);
    return this.samples.slice(index * size, (index + 1) * size) as Taken;
  }

  /** The layer whose values are the picture: the input, or one that makes it. */
  get pictureLayer(): string {
    return this.data.model.generated?.picture ?? INPUT;
  }

  get pictureShape(): [number, number, number] {
    return this.shape(this.pictureLayer) as [number, number, number];
  }

  /** The picture of a sample. */
  samplePicture(index: number): ArrayLike<number> {
    const taken = this.samplePixels(index);
    if (!this.data.model.generated) return taken;
    void this.version;
    return levels(this.network.run(taken).of(this.pictureLayer));
  }

  takeSample(index: number): void {
    this.take(this.samplePixels(index), { kind: "sample", index });
    this.truth = this.knownTruth;
  }

  /** Take a picture, as the network takes it. Of the same origin it is the same one, gone on with. */
  take(pixels: Taken, origin: Origin): void {
    this.pixels = pixels;
    this.captions?.write();
    if (origin === this.origin) return;
    this.origin = origin;
    this.backwards.forget();
    if (origin.kind !== "sample") this.truth = null;
  }

  /** Open a value; `further` keeps how one came there. */
  open(layer: string, at: Position, further = false): void {
    this.opening.begin(further);
    const place = { layer, at: [...at] };
    this.path = further ? [...this.path, place] : [place];
    this.view = "number";
  }

  /** What a click on a map does: opens what is shown there. */
  choose(layer: string, at: Position): void {
    if (this.maps.kind === "values") this.open(layer, at);
    else this.backwards.open({ kind: "value", name: layer, at: [...at] });
  }

  /** Back to what was opened before, and from the first to where one was; whether there was any. */
  back(): boolean {
    if (this.view !== "number" && this.view !== "backward") return false;
    const opened = this.view === "backward" ? this.backwards : this;
    if (opened.path.length > 1) opened.path = opened.path.slice(0, -1) as (Place & Back)[];
    else if (opened.path.length) this.close();
    else return false;
    return true;
  }

  /** Close what is opened, and go back to where one was. */
  close(): void {
    const left = this.opening.end();
    if (this.view === "backward") this.backwards.path = [];
    else this.path = [];
    void left;
  }

  /** Let the first outputs stand for other classes; null: for those of the network. */
  setClasses(classes: string[] | null): void {
    if (classes === this.classes) return;
    this.classes = classes;
    this.truth = this.knownTruth;
  }

  /** Take other weights, e.g. after learning; what was changed before is taken back first. */
  setWeights(weights: ReadonlyMap<string, Float32Array>): void {
    this.surgery.undoAll();
    this.applyWeights(weights);
    this.learned = weights !== this.delivered;
  }

  /** Take the weights of a training that goes on; nothing else changes. */
  follow(weights: ReadonlyMap<string, Float32Array>): void {
    this.applyWeights(weights);
    this.learned = true;
  }

  /** Bring weights into the network; `surgery` keeps account of such changes. */
  applyWeights(weights: ReadonlyMap<string, Float32Array>): void {
    this.network.setWeights(weights);
    this.captions?.write();
    this.version++;
  }

  /** The weights as they are stored, whenever they change. */
  get storedWeights(): ReadonlyMap<string, Float32Array> {
    void this.version;
    return this.network.storedWeights;
  }

  /** The weights as the layers have them, folded ones too, whenever they change. */
  get weights(): ReadonlyMap<string, Float32Array> {
    void this.version;
    return this.network.weights;
  }
}
