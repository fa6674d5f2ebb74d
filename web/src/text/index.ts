/** The texts of the page, a catalogue for each language; all have the same entries. */

import { en } from "./en/index";
import { ko } from "./ko/index";

export type Language = "en" | "ko";
export type Catalogue = typeof en;

export const catalogues: Record<Language, Catalogue> = { en, ko };
export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };
