import { compare } from "./compare";
import { lab } from "./lab";
import { run } from "./run";
import { runs } from "./runs";

export const en = { compare, lab, run, runs };
