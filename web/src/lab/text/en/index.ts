import { lab } from "./lab";
import { run } from "./run";
import { runs } from "./runs";

export const en = { lab, run, runs };
