/** The language that was chosen last, or else the browser's. */

import { LANGUAGES, type Language } from "../text/index";

const KEY = "pellucid-language";

export function firstLanguage(): Language {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(KEY);
  } catch {
    // a browser that keeps nothing
  }
  const wished = kept ?? navigator.language.slice(0, 2);
  return wished in LANGUAGES ? (wished as Language) : "en";
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // it is asked of the browser again
  }
}
