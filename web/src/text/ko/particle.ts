/**
 * The particle that follows a Korean word: its form goes by the sound that the word ends in.
 *
 * Numbers are read as Sino-Korean (3 is 삼), abbreviations letter by letter (N is 엔), and other
 * Latin words by their spelling, which is a guess: most loanwords that end in l, m, n, ng, or in k,
 * p, t after a short vowel keep a final consonant.
 */

/** After a final consonant, and after a vowel. */
export type Particle = "이/가" | "을/를" | "은/는" | "과/와" | "으로/로";

/** What a word ends in: a vowel, the consonant ㄹ (before which 으로 is 로), or another consonant. */
type Ending = "vowel" | "ㄹ" | "consonant";

const [FIRST, LAST, FORMS] = [0xac00, 0xd7a3, 28];

/** 영 일 이 삼 사 오 육 칠 팔 구; ends of tens, hundreds, … are consonants as 0 is. */
const DIGITS: readonly Ending[] = [
  "consonant",
  "ㄹ",
  "vowel",
  "consonant",
  "vowel",
  "vowel",
  "consonant",
  "ㄹ",
  "ㄹ",
  "vowel",
];

/** 엘 엠 엔 알; the names of all other letters end in vowels. */
const LETTERS: Readonly<Record<string, Ending>> = {
  L: "ㄹ",
  M: "consonant",
  N: "consonant",
  R: "ㄹ",
};

/** The word with its particle, e.g. `합성곱이`, `conv1을`, `7로`. */
export function attach(word: string | number, particle: Particle): string {
  const text = String(word);
  return text + particleAfter(text, particle);
}

/** The particle alone; both forms where nobody can know how the word ends. */
export function particleAfter(word: string, particle: Particle): string {
  const [closed, open] = particle.split("/") as [string, string];
  const ending = endingOf(word);
  if (ending === null) return `${closed}(${open})`;
  if (ending === "ㄹ") return particle === "으로/로" ? open : closed;
  return ending === "vowel" ? open : closed;
}

function endingOf(word: string): Ending | null {
  if (/%\s*$/.test(word)) return "vowel"; // 퍼센트
  if (/∞\s*$/.test(word)) return "vowel"; // 무한대
  const spoken = word.replace(/[^\p{L}\p{N}]+$/u, "");
  const last = spoken.at(-1);
  if (last === undefined) return null;
  const code = last.codePointAt(0)!;
  if (code >= FIRST && code <= LAST) {
    const final = (code - FIRST) % FORMS;
    return final === 0 ? "vowel" : final === 8 ? "ㄹ" : "consonant";
  }
  if (/[0-9]/.test(last)) return DIGITS[Number(last)];
  const latin = /[A-Za-z]+$/.exec(spoken);
  return latin ? endingOfLatin(latin[0]) : null;
}

function endingOfLatin(word: string): Ending {
  if (word === word.toUpperCase()) return LETTERS[word.at(-1)!] ?? "vowel";
  const lower = word.toLowerCase();
  if (/(l|le)$/.test(lower)) return "ㄹ"; // 레이블, 애플
  if (/([mn]|ng|[aeiou][mn]e)$/.test(lower)) return "consonant"; // 아담, 플레인
  const short = /(^|[^aeiou])[aeiou](ck|[bkpt])$/.test(lower); // 캣, 트럭, 쉽; but 노트, 테스트
  return short ? "consonant" : "vowel";
}
