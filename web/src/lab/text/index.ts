/** The texts of the lab, a catalogue for each language; all have the same entries. */

import type { Language } from "../../text/index";
import { en } from "./en/index";
import { ko } from "./ko/index";

export type LabCatalogue = typeof en;

export const catalogues: Record<Language, LabCatalogue> = { en, ko };
