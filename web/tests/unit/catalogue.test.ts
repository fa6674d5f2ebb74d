/** Both catalogues say the same, and the Korean one always in the same words. */

import { beforeAll, describe, expect, test } from "vitest";
import type { NodeData } from "../../src/engine/data";
import type { Problem } from "../../src/pictures/problem";
import { findings as sentences } from "../../src/lab/text/ko/findings";
import { SENTENCES } from "../../src/lab/text/ko/notes";
import { kinds } from "../../src/lab/text/ko/kinds";
import { catalogues as ofLab } from "../../src/lab/text/index";
import { catalogues } from "../../src/text/index";
import { fromPython } from "./python";

/** English, the Korean word for it, and others that are not used for it. */
const GLOSSARY: [string, string, RegExp][] = [
  ["accuracy", "정확도", /정답률|정확률/],
  ["activation, feature map", "특징맵", /특징 ?지도|특징 맵|(?<!특징)맵/],
  ["average pooling", "평균 풀링", /평균값 풀링|에버리지/],
  ["backpropagation", "역전파", /오차 ?역전파|백프롭/],
  ["batch normalisation", "배치 정규화", /배치정규화/],
  ["bias", "편향", /바이어스/],
  ["class", "클래스", /범주|부류/],
  ["convolution", "합성곱", /컨볼루션|컨벌루션|콘볼루션/],
  ["cross-entropy", "교차 엔트로피", /교차엔트로피|크로스/],
  ["dense, full connection", "완전연결", /완전 연결|전결합|밀집층/],
  ["epoch", "에포크", /에폭|세대/],
  ["evidence", "근거", /증거/],
  ["flatten", "펼치기", /평탄화/],
  ["gradient", "기울기", /그래디언트|그라디언트|경사도/],
  ["gradient descent", "경사 하강법", /경사하강|경사 하강(?!법| 한)/],
  ["image, picture", "그림", /이미지/],
  ["kernel", "커널", /필터/],
  ["layer", "층", /레이어|계층/],
  ["learning rate", "학습률", /학습율|러닝/],
  ["logit", "로짓", /로지트/],
  ["loss", "손실", /로스/],
  ["maximum", "최댓값", /최대값|최대 풀링|(?<!소프트)맥스/],
  ["network", "신경망", /네트워크|뉴럴/],
  ["pause", "일시 정지", /일시정지|멈춤/],
  ["pixel", "화소", /픽셀/],
  ["probability", "확률", /가능성/],
  ["softmax", "소프트맥스", /소프트 맥스/],
  ["step (of learning)", "걸음", /스텝/],
  ["stride", "스트라이드", /보폭/],
  ["truth", "정답", /참값|실제값/],
  ["unit", "유닛", /뉴런|노드/],
  ["weight", "가중치", /웨이트|무게/],
  ["window", "창", /윈도/],
];

/** Latin words that Korean texts have too: names, keys, files, formulas. */
const LATIN = new Set(
  (
    "BLEU CSV Ctrl Down End Enter Esc F1 GIoU Grad CAM Home IoU JPEG K L M N Page PNG ReLU ReLU6 PReLU R² Shift SiLU Tab U Up b e eˣ e³ e⁰ γ " +
    "DATA RUNS backward float32 lab lecture ln mAP max npz pellucid predict resume safetensors softmax t tanh train w x y z"
  ).split(" "),
);

/** What a check found. */
type Found = { kind: string; words: string; values: Record<string, unknown> };

type Texts = string | Texts[] | ((...given: never[]) => Texts) | { [key: string]: Texts };

const NODE: Partial<NodeData> = {
  name: "70001",
  described: "70002",
  words: "max(0, x)",
  kind: "conv2d",
  settings: { size: "70002", depthwise: true, maps: 70003, stride: "70004", groups: 70005 },
};
const PROBLEMS: Problem[] = [
  { kind: "none" },
  { kind: "empty" },
  { kind: "unknown" },
  { kind: "damaged" },
  { kind: "large", width: 70001, height: 70002, most: 3e6 },
  { kind: "heavy", bytes: 7e6, most: 3e6 },
  { kind: "deep" },
];

/** Those that are given something else than words and numbers. */
const GIVEN: Record<string, unknown[][]> = {
  "input.problem": PROBLEMS.map((problem) => [problem]),
  "network.described": [[NODE]],
  "network.words": [[NODE]],
  "lecture.flattening.hints.placeOf": [[[70001, 70002, 70003]]],
  "lecture.flattening.hints.row": [[[70001, 70002, 70003]]],
  "number.axes": [[1], [2], [3]],
  "number.outside": [
    ["70001", "70002", [70004, 70005, 70006]],
    ["70001", "70002", [70004]],
  ],
  "why.setByWords": [[["70001", "70002"]]],
};

/** Words and numbers at once, each of its own: every text of a catalogue is made of such. */
const WORDS = [70001, 70002, 70003, 70004, 70005, 70006].map(String);

/** Where in a catalogue, and what is written there. */
function* written(texts: Texts, key = ""): Generator<[string, string]> {
  if (typeof texts === "string") yield [key, texts];
  else if (typeof texts === "function") {
    const make = texts as (...given: unknown[]) => Texts;
    // 0 and 1 are written otherwise in some places
    const given = GIVEN[key] ?? [WORDS.slice(0, make.length)];
    for (const each of given) yield* written(make(...each), `${key}()`);
  } else {
    for (const [name, each] of Object.entries(texts)) {
      yield* written(each, key ? `${key}.${name}` : name);
    }
  }
}

function placeholders(text: string): string[] {
  return [...new Set(text.match(/7000\d/g))].sort();
}

/** English words of a Korean text. */
function latin(text: string): string[] {
  const words = text.match(/\p{Script=Latin}[\p{Script=Latin}\p{N}]*/gu) ?? [];
  return words.filter((word) => !LATIN.has(word));
}

const all = (language: "en" | "ko"): Texts =>
  ({ ...catalogues[language], ofLab: ofLab[language] }) as unknown as Texts;
const english = [...written(all("en"))];
const korean = [...written(all("ko"))];

test("both catalogues have the same keys", () => {
  expect(korean.map(([key]) => key)).toEqual(english.map(([key]) => key));
});

test("each text has the same placeholders in both", () => {
  const own = new Map([
    // English takes the words that Python has made
    ["network.described()", ["70002"]],
  ]);
  korean.forEach(([key, text], k) => {
    if (own.has(key)) return;
    expect([key, placeholders(text)]).toEqual([key, placeholders(english[k][1])]);
  });
});

test("no text is empty, or English in the Korean catalogue", () => {
  for (const [key, text] of [...english, ...korean]) {
    if (key !== "network.words()") expect(text.trim(), key).not.toBe("");
  }
  for (const [key, text] of korean) expect(latin(text), key).toEqual([]);
});

describe("the Korean words", () => {
  const all = korean.map(([key, text]) => `${key}: ${text}`);

  test.each(GLOSSARY)("%s is %s", (_, word, others) => {
    expect(all.some((text) => text.includes(word))).toBe(true);
    expect(all.filter((text) => others.test(text))).toEqual([]);
  });

  test("particles are chosen, not given in both forms", () => {
    const both = /이\(가\)|가\(이\)|을\(를\)|를\(을\)|은\(는\)|는\(은\)|와\(과\)|과\(와\)|\(으\)로/;
    expect(all.filter((text) => both.test(text))).toEqual([]);
  });
});

describe("what Python writes in English", () => {
  let python: {
    operations: Record<string, string>;
    gallery: string[];
    languages: string[];
    findings: string[];
    notes: string[];
  };
  let found: Found[];
  beforeAll(() => {
    python = fromPython("tests.page.words");
    found = fromPython("tests.page.findings");
  }, 120_000);

  const HANGUL = /\p{Script=Hangul}/u;

  test("every kind of layer and what it does", () => {
    const { described, words } = catalogues.ko.network;
    expect(Object.keys(python.operations).length).toBeGreaterThan(25);
    for (const [kind, english] of Object.entries(python.operations)) {
      const node = { kind, words: english, described: "in English", settings: {} } as NodeData;
      expect(described(node), kind).not.toBe("in English");
      const others = GLOSSARY.filter(([, , others]) => others.test(described(node)));
      expect(others, kind).toEqual([]);
      expect(latin(words(node)), kind).toEqual([]);
    }
  });

  test("every kernel of the gallery", () => {
    for (const name of python.gallery)
      expect(catalogues.ko.why.gallery(name), name).toMatch(HANGUL);
  });

  test("every kind of finding, and no other", () => {
    expect(Object.keys(kinds).sort()).toEqual(python.findings.sort());
    for (const texts of Object.values(kinds)) {
      const text = texts.join(" ");
      expect(text).toMatch(HANGUL);
      expect(latin(text)).toEqual([]);
      expect(GLOSSARY.filter(([, , others]) => others.test(text))).toEqual([]);
    }
  });

  test("what was found, with all its numbers", () => {
    expect(Object.keys(sentences).sort()).toEqual(python.findings.sort());
    const kinds = new Set(found.map(({ kind }) => kind));
    for (const kind of ["likely-wrong-label", "conflicting-labels", "near-conflict", "leakage"]) {
      expect(kinds).toContain(kind);
    }
    for (const { kind, words, values } of found) {
      const text = ofLab.ko.data.finding(kind, values, "picture", words);
      expect(ofLab.en.data.finding(kind, values, "picture", words)).toBe(words);
      if ("quoted" in values) continue;
      expect(text).toMatch(HANGUL);
      expect(text).not.toMatch(/undefined|null|NaN|object/);
      for (const number of words.match(/\d+(\.\d+)?/g) ?? []) expect(text).toContain(number);
      expect(GLOSSARY.filter(([, , others]) => others.test(text))).toEqual([]);
    }
  });

  test("every remark on data", () => {
    expect(python.notes.length).toBeGreaterThan(8);
    for (const about of python.notes) {
      if (python.findings.includes(about)) continue; // it is a finding, too
      const text = SENTENCES[about]?.({ name: "1", part: "test", count: 2 }, "그림") ?? "";
      expect(text, about).toMatch(HANGUL);
      expect(GLOSSARY.filter(([, , others]) => others.test(text))).toEqual([]);
    }
    const values = { about: "no-test", count: 7, model: "B" };
    expect(ofLab.ko.parts.note("B: seven", values)).toMatch(/^이후: .*7/);
    expect(ofLab.en.parts.note("B: seven", values)).toBe("after: seven");
    expect(ofLab.ko.parts.note("of no kind", {})).toBe("of no kind");
  });

  test("pages are written in each language", () => {
    expect(python.languages.sort()).toEqual(Object.keys(catalogues).sort());
  });
});
