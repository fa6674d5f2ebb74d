export const speech = {
  title: "What was heard",
  nothing: "nothing was heard",
  said: "said:",
  blank: "blank",
  at: (from: string, to: string) => `${from}–${to} s`,
  open: (step: number) => `opens its logit at step ${step}`,
  why: "Why this",
  which: "Heard",
  step: (step: number) => `step ${step}`,
  click: "A click opens the logit that a word was read from.",
  over: (count: number) =>
    `Probabilities at ${count} steps: left and right arrows move, Enter opens the likeliest.`,
  about: (count: number) =>
    `${count} steps below the times they stand for, a row a class. A line marks the likeliest; repeats count once, and the blank writes nothing. A click opens a logit.`,
  pointed: (name: string, step: number, second: string, share: string) =>
    `${name} at step ${step}, ${second} s: ${share}`,
  logit: (name: string, step: number) => `logit of ${name} at step ${step}`,
  share: (name: string, step: number) => `probability of ${name} at step ${step}`,
};
