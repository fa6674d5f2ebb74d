import type { en } from "../en/index";
import { lab } from "./lab";
import { run } from "./run";
import { runs } from "./runs";

export const ko: typeof en = { lab, run, runs };
