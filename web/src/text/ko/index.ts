/**
 * The Korean texts. One word for each term: the glossary in `tests/unit/catalogue.test.ts` is checked.
 * Names that come from elsewhere take their particle through `attach`.
 */

import type { Catalogue } from "../index";
import { answer } from "./answer";
import { backward } from "./backward";
import { boxes } from "./boxes";
import { captions } from "./captions";
import { input } from "./input";
import { learn } from "./learn";
import { lecture } from "./lecture";
import { live } from "./live";
import { network } from "./network";
import { noise } from "./noise";
import { number } from "./number";
import { page } from "./page";
import { replay } from "./replay";
import { speech } from "./speech";
import { why } from "./why";

export const ko: Catalogue = {
  answer,
  backward,
  boxes,
  captions,
  input,
  learn,
  lecture,
  live,
  network,
  noise,
  number,
  page,
  replay,
  speech,
  why,
};
