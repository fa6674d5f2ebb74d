export const replay = {
  about: (epochs: number) =>
    epochs === 1
      ? "How the network was trained, in one epoch. The slider shows the whole page, every map, number and answer, as the network was then."
      : `How the network was trained, in ${epochs} epochs. The slider shows the whole page, every map, number and answer, as the network was then.`,
  alone: "The run has kept no weights of its epochs: these are its curves.",
  play: "Play",
  pause: "Pause",
  model: "Back to the model",
  shownModel: (epoch: string) => `the model, of epoch ${epoch}`,
  shownUnknown: "the model",
  after: (epoch: number, loss: string) => `After epoch ${epoch}: loss ${loss} while it was learned`,
  judged: (measure: string, value: string, count: string) =>
    `${measure} ${value} of ${count} others`,
  judgedAlone: (measure: string, value: string) => `${measure} ${value}`,
  before: "Before the first step: nothing is learned yet.",
  rate: "Learning rate",
  learned: "learned",
  others: "not learned",
  validation: "loss, not learned",
  measures: {
    accuracy: "Accuracy",
    mean_average_precision: "mAP",
    map50: "mAP at IoU 0.5",
    bleu4: "BLEU-4",
    bleu1: "BLEU-1",
    micro_f1: "Micro F1",
    macro_f1: "Macro F1",
    r2: "R²",
    word_accuracy: "Word accuracy",
  },
};
