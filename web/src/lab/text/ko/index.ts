import type { en } from "../en/index";
import { changes } from "./changes";
import { compare } from "./compare";
import { data } from "./data";
import { decide } from "./decide";
import { lab } from "./lab";
import { mistakes } from "./mistakes";
import { parts } from "./parts";
import { run } from "./run";
import { runs } from "./runs";
import { search } from "./search";

export const ko: typeof en = {
  changes,
  compare,
  data,
  decide,
  lab,
  mistakes,
  parts,
  run,
  runs,
  search,
};
