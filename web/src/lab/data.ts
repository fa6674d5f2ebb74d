/** What the lab's server sends; see `src/pellucid/lab`. */

import type { Part } from "./place";

export type RunState = "running" | "finished" | "stopped" | "damaged";

/** A run of the list. */
export interface RunRow {
  id: string;
  path: string;
  state: RunState;
  date: string;
  data: string | null;
  architecture: string | null;
  epochs: number;
  planned: number | null;
  best_epoch: number | null;
  accuracy: number | null;
  interval: [number, number] | null;
  started_from: string | null;
  reason: string | null;
  measures: Record<string, number>;
}

/** How far a training is. */
export interface Progress {
  epoch: number;
  epochs: number;
  images: number;
  of: number;
  loss: number | null;
  accuracy: number | null;
  images_per_second: number;
  rate: number;
  rate_factor: number;
  paused: boolean;
  /** What is done instead of steps; empty in an epoch of steps. */
  doing: string;
  step: number;
  /** How it ended; empty before. */
  ended: string;
}

/** A point of the curve. */
export interface StepRow {
  step: number;
  epoch: number;
  loss: number | null;
  accuracy: number | null;
  rate: number;
  images_per_second: number;
}

/** Points that came; all of them where they are not the next ones of those that are there. */
export interface NewSteps {
  fresh: boolean;
  rows: StepRow[];
}

/** A finished epoch. */
export interface EpochRow {
  epoch: number;
  loss: number;
  accuracy?: number | null;
  validation_loss: number | null;
  validation_accuracy?: number | null;
  learning_rate: number;
  images_per_second: number;
  seconds: number;
  [measure: string]: number | null | undefined;
}

/** A training that was started in the lab. */
export interface Job {
  running: boolean;
  code: number | null;
  folder: string;
  log: string;
}

/** One run, whole. */
export interface RunDetail {
  run: RunRow;
  recipe: Record<string, unknown> | null;
  history: EpochRow[];
  progress: Progress | null;
  job: Job | null;
  /** The run that it was trained on from. */
  before: string | null;
}

/** What a training is started with; what is left out is the architecture's default. */
export interface Asked {
  body?: string;
  architecture?: string;
  epochs?: number;
  learning_rate?: number;
}

/** How far a check of the data is. */
export interface Checking {
  state: "none" | "checking" | "done" | "failed";
  doing: "" | "pictures" | "features" | "folds";
  done: number;
  of: number;
  error: string;
  /** How many checks were finished. */
  number: number;
}

/** A picture of the data; what is none, a class or a damaged folder, has no identifier. */
export interface DataPicture {
  id: string | null;
  name: string;
  label: string;
  part: string;
}

export type Severity = "stops training" | "warning" | "note";

/** A kind of finding, with how many there are. */
export interface FindingKind {
  kind: string;
  severity: Severity;
  title: string;
  advice: string;
  count: number;
}

/** What the words of a finding say, by name. */
export type FindingValues = Record<string, unknown>;

export interface Finding {
  kind: string;
  /** In English. */
  words: string;
  values: FindingValues;
  /** How many names it has; some of them are here. */
  of: number;
  names: DataPicture[];
}

export interface ClassCount {
  name: string;
  label: string;
  pictures: Record<string, number>;
  unusable: number;
}

/** What a check found. */
export interface Report {
  pictures: number;
  /** What they are called: picture or recording. */
  noun: string;
  task: string;
  parts: string[];
  silenced: number;
  of: number;
  kinds: FindingKind[];
  classes: ClassCount[];
  findings: Finding[];
}

/** A picture that is answered otherwise than it is labelled. */
export interface Mistake {
  id: string;
  path: string;
  part: string;
  true: string;
  answered: string;
  /** Probabilities of the answer and of the label; null of numbers. */
  confidence: number | null;
  of_label: number | null;
  /** What it would be labelled with, were the answer right. */
  label: string;
  by: "network" | "folds";
  suspicious: boolean;
  guesses: [string, number][];
  /** How far off numbers are; null of classes and labels. */
  error: number | null;
  numbers: NumberOff[];
}

/** How far off one of a picture's numbers was answered. */
export interface NumberOff {
  name: string;
  /** Its name as it is printed. */
  label: string;
  true: number;
  answered: number;
  /** The answer less the label. */
  residual: number;
  /** How far that is from the median, in robust standard deviations. */
  deviations: number;
  outlying: boolean;
}

/** How one of the numbers of a part was answered. */
export interface NumberCount {
  name: string;
  r2: number | null;
  mean_absolute_error: number;
  deviation: number;
  outlying: number;
}

/** How a part was answered. */
export interface PartCount {
  part: string;
  pictures: number;
  /** Null of numbers, which are more or less wrong. */
  wrong: number | null;
  by: "network" | "folds";
  /** The mean of the pictures' errors; null of classes and labels. */
  error: number | null;
  numbers: NumberCount[];
}

/** A remark: its English words, and what it says. */
export interface Note {
  words: string;
  values: FindingValues;
}

/** The mistakes of a run. */
export interface Mistakes {
  data: string;
  /** Whether these are the pictures about which the lab decides. */
  decidable: boolean;
  of: number;
  /** In what errors are measured; empty of classes and labels. */
  unit: string;
  notes: Note[];
  parts: PartCount[];
  rows: Mistake[];
}

/** A training picture that the network sees much as another. */
export interface Near {
  name: string;
  label: string;
  similarity: number;
}

/** How an answer changed. */
export type ChangeWay = "broken" | "corrected" | "still wrong" | "worse" | "better";

/** An answer that is another one than before. */
export interface ChangeRow {
  id: number;
  /** By what the picture's pixels are asked for. */
  place: number;
  /** In which part of the first run's data the picture is; null: in none. */
  part: Part | null;
  number: number | null;
  path: string;
  true: string;
  before: string;
  after: string;
  /** Of answers that are right or wrong. */
  confidence_before: number | null;
  confidence_after: number | null;
  /** Of answers that are more or less wrong. */
  error_before: number | null;
  error_after: number | null;
  way: ChangeWay;
}

/** How good one of two runs is. */
export interface ChangedSide {
  /** How many answers are right, and which share; null where they are more or less wrong. */
  right: number | null;
  share: number | null;
  interval: [number, number] | null;
  /** Averaged over the pictures, in nats; null where it is infinite, or there is none. */
  cross_entropy: number | null;
  /** How wrong they are on average; null where they are right or wrong. */
  error: number | null;
}

/** What changed from one run to another. */
export interface Changed {
  models: [string, string];
  pictures: number;
  /** How many answers of each are judged. */
  judged: number;
  /** What is right or wrong, or in what errors are measured, as the server calls it. */
  unit: string;
  test: string;
  /** Parts that both know, and that by which they are judged; null: neither learned from these. */
  parts: Part[];
  part: Part | null;
  sides: [ChangedSide, ChangedSide];
  p_value: number;
  /** Only the ways that there are for these answers. */
  counts: Partial<Record<ChangeWay, number>>;
  notes: Note[];
  of: number;
  rows: ChangeRow[];
}

/** How a mistake can be explained, and where it can be opened. */
export interface MistakeAbout {
  part: Part;
  /** Which picture of that part it is; null where it is left out by now. */
  number: number | null;
  methods: { name: string; signed: boolean }[];
}
