/** Notes on data, from their values: Python writes the same sentences in English. */

import { particleAfter } from "../../../text/ko/particle";
import type { FindingValues } from "../../data";
import { NOUNS } from "./nouns";
import { PARTS } from "./part_names";

const CAUTION = "모델의 가중치를 이 그림들로 골랐으므로 실제보다 조금 좋게 나옵니다";

/** Which of two networks a note is about. */
const MODELS: Record<string, string> = { A: "이전: ", B: "이후: " };

type Sentence = (values: FindingValues, what: string) => string;

const which = ({ first, more }: FindingValues): string => `${first}${more ? ` 외 ${more}개` : ""}`;
const part = (name: unknown): string => PARTS[String(name)] ?? String(name);

/** By what notes are about. */
export const SENTENCES: Record<string, Sentence> = {
  misplaced: (values, what) => `클래스 폴더에 없는 ${what}: ${which(values)}`,
  foreign: (values, what) => `${what}이 아닌 파일: ${which(values)} (${values["kinds"]})`,
  ours: (values) => `Pellucid가 쓴 파일: ${which(values)}`,
  broken: (values) => `가리키는 것이 없는 링크: ${which(values)}`,
  loops: (values) => `어차피 읽는 폴더를 가리키는 링크: ${which(values)}`,
  special: (values) => `파이프와 장치: ${which(values)}`,
  outside: (values) => `폴더 밖을 가리키는 링크를 따라갔습니다: ${which(values)}`,
  groups: ({ by, count, smallest, largest }, what) =>
    `${what}을 ${by}에 따라 묶었습니다: 묶음 ${count}개, 하나에 ${smallest}개에서 ${largest}개까지`,
  decisions: ({ file, keep, move, left_out: left, gone }, what) =>
    `${file}의 결정: 그대로 ${keep}건, 옮김 ${move}건, 뺌 ${left}건` +
    (gone ? `, 뺄 ${what} ${gone}개는 이미 없음` : ""),
  changed: ({ count, pictures }, what) =>
    `결정 ${count}건은 그 뒤에 바뀐 ${what}에 대한 것이라 따르지 않았습니다: ${pictures}. 다시 보고 결정하세요`,
  undecided: () =>
    "모델은 그림에 대한 결정과 함께 배웠지만, 결정하기 전의 라벨로 평가합니다. 결정한 라벨로 평가하려면: --decisions",
  larger: ({ pixels }) => `모델은 더 큰 그림에서도 배웠습니다: --max-pixels ${pixels}`,
  "no-test": ({ count }) =>
    `시험 부분이 없어 검증 부분의 그림 ${count}장으로 평가합니다. ${CAUTION}`,
  "validated-by": ({ count, of, no_test: none }) =>
    `${none ? "시험 부분이 없어 " : ""}학습 부분의 그림 ${of}장 가운데 검증하려고 떼어 둔 ${count}장으로 평가합니다. ${CAUTION}`,
  "set-aside": ({ name, part: of, count, of: all }) =>
    `모델은 ${name}에서 배웠습니다. 그림 ${all}장 가운데 ${part(of)}${particleAfter(part(of), "을/를")} 위해 떼어 둔 ${count}장으로 평가합니다` +
    (of === "test" ? "" : `. ${CAUTION}`),
  "not-learned": () => "알려진 바로는 모델이 이 그림들에서 배우지 않았습니다",
  unanswered: ({ count, of, part: name, classes }) =>
    `${part(name)} 부분의 그림 ${of}장 가운데 ${count}장에는 아무도 답하지 않습니다. 나머지에서 배운 쪽이 ${classes ? "그 클래스의 " : ""}다른 그림이나 그 사본을 보지 못했기 때문입니다`,
  guessing: ({ part: name, worth }) =>
    `${part(name)} 부분의 답은 찍는 것보다 낫지 않습니다(${worth}). 틀린 그림이 라벨에 대해 말해 주는 것이 적습니다`,
  "one-number": ({ part: name, errors }) =>
    `${part(name)} 부분의 답은 모두 같은 수로 답하는 것보다 거의 낫지 않습니다(오차가 큰 10분의 1을 뺀 평균 오차, 답과 같은 수 차례로: ${String(errors).replaceAll("against", "대")}). 오차가 라벨에 대해 말해 주는 것이 적습니다`,
  learned: () =>
    "두 모델 모두 이 그림들에서 배웠으므로, 다른 그림에 대해서는 말해 주는 것이 적습니다",
  common: ({ count, a, b }) =>
    `이전의 그림 ${a}장과 이후의 그림 ${b}장 가운데 같은 ${count}장만 셉니다`,
  quarantined: ({ count, first }) =>
    `쓸 수 없어 뺀 파일 ${count}개${Number(count) > 1 ? `, 첫째는 ${first}` : `: ${first}`}`,
};

/** A note in Korean; one that only Python can write is empty. */
export function note(values: FindingValues, noun: string): string {
  const { about, model } = values;
  const sentence = SENTENCES[String(about)]?.(values, NOUNS[noun] ?? noun) ?? "";
  return sentence && (MODELS[String(model)] ?? "") + sentence;
}
