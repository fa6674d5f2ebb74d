export const mistakes = {
  title: (run: string) => `Mistakes of ${run}`,
  link: "What it gets wrong",
  toRun: "to the run",
  failed: (line: string) => `This cannot be shown: ${line}`,
  trainOn: "Train on",
  trainOnHow: (count: number) =>
    count === 0
      ? "Decide about some pictures first; a new run then goes on from this one with the decisions."
      : `A new run goes on from this one, with ${count === 1 ? "one decision" : `${count} decisions`}: a new head where it was trained on a frozen body, else all layers.`,
  starting: "the training begins…",
  doing: {
    features: (done: number, of: number) => `computing features: ${done} of ${of} pictures`,
    folds: (done: number, of: number) => `learning from the other folds: ${done} of ${of}`,
  },
  part: (part: string, wrong: number, of: number, folds: boolean) =>
    `${part}: ${wrong} of ${of} wrong` + (folds ? ", by folds." : "."),
  /** Of numbers, whose errors count in `unit`. */
  partOff: (part: string, error: string, unit: string, of: number, folds: boolean) =>
    `${part}: ${of} pictures, on average ${error} ${unit} off` + (folds ? ", by folds." : "."),
  numbersHeads: {
    part: "Part",
    number: "Number",
    error: "Mean absolute error",
    deviation: "Robust deviation",
    outlying: "Labels likely wrong",
  },
  numbersHow:
    "Robust deviation: 1.4826 median absolute deviations of answers less labels. A label more than 3.5 of these from their median is likely wrong; of fewer than 20 pictures none is doubted.",
  direction: "Answer",
  directionOf: (name: string, high: boolean, count: number) =>
    `${name}: ${high ? "too high" : "too low"} (${count})`,
  rowOff: (label: string, answered: string, error: string) =>
    `${label} → ${answered}, ${error} SD off`,
  off: (label: string, answered: string, error: string, unit: string) =>
    `Labelled ${label}, answered ${answered}, ${error} ${unit} off,`,
  labelOf: "Label",
  answerOf: "Answer",
  difference: "Difference",
  deviations: "Robust deviations",
  outlying: "likely wrong",
  evidenceOf: "Of the number",
  evidenceHowNumber: (name: string) =>
    `The network's own, pixel by pixel: vermilion makes ${name} higher, blue lower.`,
  mapHowNumber: (name: string, signed: boolean) =>
    signed
      ? `Vermilion makes ${name} higher, blue lower.`
      : `Where it is vermilion, this method finds reasons for a higher ${name}.`,
  otherData: (data: string) =>
    `The run learned from ${data}; open the lab with these data to decide about their pictures.`,
  pair: "Label and answer",
  pairOf: (label: string, answered: string, count: number) => `${label} → ${answered} (${count})`,
  all: (count: number) => `all (${count})`,
  any: "any",
  decision: "Decision",
  suspicious: "only labels that are likely wrong",
  notAll: (shown: number, of: number) => `The first ${shown} of ${of} mistakes.`,
  notAllNumbers: (shown: number, of: number) =>
    `The ${shown} of ${of} pictures that are farthest off.`,
  row: (label: string, answered: string, share: string) => `${label} → ${answered} ${share}`,
  labelled: (label: string, share: string) =>
    `Labelled ${label}, which has a probability of ${share},`,
  byFolds: "by heads on the network's features that did not learn from this picture.",
  byNetwork: "by the network, which did not learn from this picture.",
  likelyWrong: "The label is likely wrong.",
  evidence: "Evidence",
  evidenceHow: (answered: string, label: string) =>
    `The network's own, pixel by pixel: vermilion speaks for ${answered}, blue for ${label}.`,
  noEvidence: "This network's answer cannot be taken apart pixel by pixel.",
  method: "Method",
  mapHow: (answered: string, label: string, signed: boolean) =>
    signed
      ? `Vermilion speaks for ${answered} rather than ${label}, blue against it.`
      : `Where it is vermilion, this method finds reasons for ${answered}.`,
  noMap: "This network's answer cannot be explained by this method.",
  open: "Open the network on this picture, layer by layer",
  nearest: "Nearest training pictures",
  distance: (similarity: string) => `similarity ${similarity}`,
  noneNear: "There are none.",
  looking: "looking for them…",
};
