export const decide = {
  /** What a part of data is called. */
  part: (part: string) => part,
  title: "Decide about this picture",
  all: "Decisions",
  where: (file: string) => `Kept in ${file}; pellucid train takes it as --decisions.`,
  counts: (keep: number, move: number, out: number) =>
    `${keep} kept, ${move} moved, ${out} left out.`,
  noneYet: "Nothing is decided yet.",
  labelled: (label: string) => (label ? `labelled ${label}` : ""),
  keep: "Keep",
  move: "Move to",
  to: "Class that it moves to",
  toNumber: (count: number) =>
    count === 1 ? "Number that is right" : `${count} numbers that are right, with ; between`,
  leaveOut: "Leave out",
  note: "Note",
  nothing: "Take back",
  undo: "Undo",
  undecided: "undecided",
  hint: "Arrows move among the pictures; K keeps, M chooses a class (Enter moves there), L leaves out, N writes a note, U takes the last decision back.",
  hintNumber:
    "Arrows move among the pictures; K keeps, M writes the right number (Enter gives it to the picture), L leaves out, N writes a note, U takes the last decision back.",
  said: (decision: "keep" | "move" | "leave-out", label: string) =>
    decision === "keep" ? "kept" : decision === "move" ? `→ ${label}` : "left out",
  broken: "cannot be shown",
  unreadable: (line: string) =>
    `The decisions cannot be read; none are written until they can be: ${line}`,
  unsaved: (count: number, line: string) =>
    `Not saved yet: ${count}. They stay in this page and are tried again; do not close it. ${line}`,
  contradicted: (path: string) => `${path} was decided differently elsewhere in the meantime:`,
  mine: (said: string) => `here: ${said}`,
  theirs: (said: string) => `there: ${said}`,
};
