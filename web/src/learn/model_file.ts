/** What was learned as a model file that Python loads, see `docs/model-format.md`. */

import type { FileData, HeadData, Json } from "../engine/data";
import { withFolds } from "../engine/folds";
import { Program, type Weights } from "../engine/program";
import { type NamedArray, sealed } from "../files/safetensors";
import type { Row } from "./learn.svelte";
import type { Lesson, Settings } from "./trainer";
import { withoutOthers } from "./units";

const [KIND, FORMAT] = ["model", 2];

export interface Learned {
  weights: Weights;
  /** The epochs up to the one that the weights are of. */
  rows: readonly Row[];
  settings: Settings;
  /** Changes of the rate: from which step on it is multiplied with what. */
  changes: readonly { step: number; factor: number }[];
  /** Pictures of one's own: their classes, and how many were learned and judged. */
  own: { classes: string[]; train: number; judges: number } | null;
}

/**
 * The bytes of the file.
 *
 * @param images Pictures of the self-test, 1 to 16, one after the other.
 */
export function modelFile(
  file: FileData,
  lesson: Lesson,
  shapes: readonly [string, readonly number[]][],
  learned: Learned,
  images: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { weights, own } = learned;
  const { head } = lesson.data;
  const classes = own?.classes ?? file.classes;
  const kept = withoutOthers(weights, head, classes.length);
  const arrays: NamedArray[] = shapes.map(([name, shape]) => ({
    name,
    shape: cut(name, shape, head, classes.length),
    values: kept.get(name)!,
  }));
  const { shape, values } = logits(lesson, weights, images, classes.length);
  arrays.push({
    name: "self_test.images",
    shape: [shape[0], ...lesson.answers.about.input],
    values: images,
  });
  arrays.push({ name: "self_test.logits", shape, values });
  const description = {
    graphs: { main: withUnits(file.graph, head, classes.length) },
    task: { kind: "single-label", classes, label_kind: own ? "text" : file.label_kind },
    preprocessing: file.preprocessing,
    provenance: provenance(file, learned),
    self_test: { engine: "page" },
  };
  return sealed(KIND, FORMAT, description, arrays);
}

function logits(
  lesson: Lesson,
  weights: Weights,
  images: Uint8Array,
  classes: number,
): { shape: [number, number]; values: Float32Array } {
  const program = new Program(lesson.answers);
  program.setWeights(withFolds(weights, lesson.folds));
  const { input } = program.about;
  const each = input.reduce((product, n) => product * n, 1);
  const count = images.length / each;
  const values = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    program.run(images.subarray(i * each, (i + 1) * each));
    values.set(program.value(lesson.output).subarray(0, classes), i * classes);
  }
  return { shape: [count, classes], values };
}

function cut(
  name: string,
  shape: readonly number[],
  head: HeadData | null,
  classes: number,
): readonly number[] {
  return head && (name === head.kernel || name === head.bias)
    ? [...shape.slice(0, -1), classes]
    : shape;
}

function withUnits(graph: FileData["graph"], head: HeadData | null, units: number): Json {
  const nodes = graph.nodes.map((node) =>
    node.name === head?.layer
      ? { ...node, operation: { ...node.operation, [head.setting]: units } }
      : node,
  );
  return { ...graph, nodes };
}

function provenance(file: FileData, { rows, settings, changes, own }: Learned): Json {
  const { seed, epochs, batchSize, rate } = settings;
  const asked = { seed, epochs, batch_size: batchSize, learning_rate: rate };
  const history = rows.map((row) => ({
    epoch: row.epoch,
    loss: row.loss,
    accuracy: null,
    validation_loss: row.judged.loss,
    validation_accuracy: row.judged.right / row.judged.count,
    learning_rate: row.rate,
  }));
  const { recipe, ...rest } = file.provenance;
  const pictures = own
    ? {
        data: { name: "pictures given to the page", pictures: own.train },
        validation: { name: "others given to the page", pictures: own.judges },
      }
    : {};
  return {
    ...rest,
    ...pictures,
    recipe: { ...(recipe as { [key: string]: Json }), ...asked },
    made_in: "a page",
    rate_changes: changes.map(({ step, factor }) => ({ step, factor })),
    ...(history.length ? { results: history[history.length - 1], history } : {}),
  };
}
