export const captions = {
  title: "Caption",
  end: "(end)",
  same: "the same words and probabilities as Python, taking the likeliest word each time",
  other: "Python writes other words, or gives them other probabilities",
  open: (word: string) => `${word}: shows where it looked, and opens its logit`,
  click:
    "The likeliest word each time. A click shows where a word looked, bright in the picture, and the network that chose it.",
  behind: (number: number) =>
    `The maps, the answer and all views are those of word ${number}: of the words before it and of where it looked, which stay as they are.`,
  show: "show in the picture where the word looked",
  gates: "State and gates behind the words",
  begin: "(the beginning)",
  read: (word: string, units: number) =>
    `The recurrent layer has read ${word}: its ${units} units from left to right, each row with its own scale. A click chooses a unit.`,
  before: "state before",
  cell: "cell",
  state: "state",
  unit: "Unit",
  sums: "In brackets: what the word gives and what the state before gives, each a sum of products with its bias.",
};
