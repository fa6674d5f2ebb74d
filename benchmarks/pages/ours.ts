/** What a page does, callable by the comparison: its own sources, on the data of a page. */

import type { PageData } from "../../web/src/engine/data";
import { Network } from "../../web/src/engine/network";
import { partsOf } from "../../web/src/engine/program";
import { Trainer } from "../../web/src/learn/trainer";
import { blob, pageData } from "../../web/src/page/blobs";

async function open() {
  const data = pageData<PageData>();
  const { learn, graph } = data;
  if (!learn) throw new Error("the page learns nothing; make it with --learn");
  const bytes = async (name: string) => new Uint8Array(await blob(name));
  const pictures = async ({
    pixels,
    labels,
  }: {
    pixels: string;
    labels: string;
  }) => ({
    pixels: await bytes(pixels),
    labels: new Uint16Array((await bytes(labels)).buffer),
  });
  const train = await pictures(learn.train);
  const judges = await pictures(learn.judge);
  const [step, answers] = [
    await partsOf(learn.step, blob),
    await partsOf(learn.answers, blob),
  ];
  const network = await Network.open(data, blob);
  const { recipe, parameters, head } = learn;
  const lesson = {
    data: { recipe, parameters, head }, output: graph.output, folds: graph.folds, step, answers,
  }; // prettier-ignore
  const trainer = new Trainer(lesson, train, judges, {
    seed: recipe.seed,
    epochs: 100,
    batchSize: recipe.batch_size,
    rate: recipe.learning_rate,
    classes: data.model.names.length,
  });
  return {
    train,
    batchSize: recipe.batch_size,
    rate: recipe.learning_rate,
    step: () => trainer.learn().loss,
    /** The outputs of one picture, with every value on the way kept. */
    forward: (pixels: Uint8Array) =>
      network.run(pixels).keep().of(graph.output),
  };
}

(globalThis as unknown as { ours: typeof open }).ours = open;
