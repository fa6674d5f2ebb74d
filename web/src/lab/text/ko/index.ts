import type { en } from "../en/index";
import { compare } from "./compare";
import { lab } from "./lab";
import { run } from "./run";
import { runs } from "./runs";

export const ko: typeof en = { compare, lab, run, runs };
