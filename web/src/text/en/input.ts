import type { Problem } from "../../pictures/problem";

const million = (count: number): string => `${Math.round(count / 1e6)} million`;

export const input = {
  title: "Input",
  ways: "Where the picture comes from",
  way: { samples: "Samples", draw: "Draw", picture: "Picture", camera: "Camera" },
  samples: "Pictures in this page",
  recordings: "Recordings in this page",
  heard:
    "The network hears: a recording is shown as the picture that it is made into, and photographs are not taken.",
  truth: (name: string) => `is: ${name}`,
  noLabels: "none of the labels",
  made: (name: string) => name,

  best: "Answer:",
  seen: (size: string) => `what the network sees, ${size} pixels`,
  pixels: (seen: string) => `${seen}; arrow keys move, Enter opens a pixel`,
  point: "Point at a pixel, click to open it.",
  at: (row: number, column: number) => `row ${row}, column ${column}`,
  field: (rows: number, columns: number) =>
    `Dashed: what the opened value depends on, ${columns}×${rows} pixels.`,
  channels: ["red", "green", "blue"],
  table: "pixels as a table",

  sheet: "Sheet to draw on",
  drawKeys: "Draw here; with the keyboard: arrows move, Space puts the pen down or lifts it.",
  penDown: "pen down",
  penUp: "pen up",
  undo: "Undo",
  clear: "Clear",
  eraser: "Eraser",
  plain: "as drawn, neither enlarged nor centred",

  file: "Choose a picture…",
  drop: "Or drop one anywhere on this page, or paste it. It stays on this computer.",
  dropHere: "Drop the picture here",
  exchange: "exchange black and white",
  reading: (name: string) => `reading ${name}…`,
  problem: (problem: Problem): string => {
    switch (problem.kind) {
      case "none":
        return "that was no file; drop a picture, such as a PNG or JPEG file";
      case "sound":
        return "the network hears, and takes no pictures; make a page of your recordings: pellucid page MODEL RECORDINGS";
      case "empty":
        return "the file is empty; choose a picture";
      case "unknown":
        return "no picture that this browser reads; convert it to PNG or JPEG";
      case "damaged":
        return "the picture is damaged or cut short; choose another copy";
      case "large":
        return `${problem.width}×${problem.height} pixels are too many, at most ${million(problem.most)} are read; make it smaller`;
      case "heavy":
        return `${million(problem.bytes)} bytes are too many, at most ${million(problem.most)} are read; make it smaller`;
      case "deep":
        return "more than 8 bits a value, which the browser cannot give; use pellucid predict";
    }
  },

  camera: "The camera's picture",
  startCamera: "Start the camera",
  stopCamera: "Stop",
  snapshot: "Keep this picture",
  goOn: "Go on",
  cameraStates: {
    off: "The camera is off. Its pictures stay on this computer.",
    asking: "Allow this page to use the camera.",
    on: "The network answers as the camera sees.",
    held: "This picture is kept.",
    unavailable: "This browser offers no camera here.",
    refused: "The camera was refused; allow it for this page in the browser, and start again.",
    failed: "The camera does not start; another program may be using it.",
  },

  chooseTruth: "What it really is",
  noTruth: "not known",
  search: "type a class",
  noClass: "There is no such class; choose one of the list.",
};
