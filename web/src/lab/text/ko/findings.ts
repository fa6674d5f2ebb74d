/** What was found, from its values: Python writes the same sentence in English. */

import { particleAfter } from "../../../text/ko/particle";
import type { FindingValues } from "../../data";
import { NOUNS } from "./nouns";
import { note } from "./notes";
import { PARTS } from "./part_names";

type Sentence = (values: FindingValues, noun: string) => string;

/** So many of them: pictures are counted otherwise than recordings. */
function counted(count: unknown, noun: string): string {
  return `${count}${noun === "picture" ? "장" : "개"}`;
}

/** The same, as what a sentence is about. */
function withParticle(count: unknown, noun: string): string {
  const words = counted(count, noun);
  return words + particleAfter(words, "이/가");
}

const REASONS: Record<string, string> = { file: "파일", pixels: "화소" };

/** Parts of data by their names: `학습과 시험 부분`. */
function parts({ parts: of }: FindingValues): string {
  const names = (of as string[]).map((part) => PARTS[part] ?? part);
  return names
    .map((name, i) => (i < names.length - 1 ? name + particleAfter(name, "과/와") : name))
    .join(" ");
}

function what(noun: string): string {
  return NOUNS[noun] ?? noun;
}

/** How pictures are the same, or how much alike. */
function likeness(values: FindingValues, noun: string): string {
  const { count, same, files, alike, similarity } = values;
  if (similarity) return `학습한 본체가 보기에 아주 비슷합니다(유사도 ${similarity})`;
  if (alike)
    return `${what(noun)} ${withParticle(count, noun)} 아주 비슷합니다(어느 둘이나 상관이 ${alike} 이상)`;
  const of = same === "pixels" && noun === "recording" ? "소리" : REASONS[String(same)];
  const inside = files ? `, 서로 다른 파일 ${files}개에` : "";
  return `같은 ${of}${particleAfter(of!, "이/가")} ${count}번 있습니다${inside}`;
}

const labelled: Sentence = (values, noun) => `${likeness(values, noun)}. 라벨: ${values["labels"]}`;
const divided: Sentence = (values, noun) =>
  `${likeness(values, noun)}. 있는 부분: ${parts(values)}`;
/** A reason in English stays as it is; a box or a caption, as it is written, has no language. */
const quoted: Sentence = () => "";

export const findings: Record<string, Sentence> = {
  "no-pictures": (_, noun) => `쓸 수 있는 ${what(noun)}이 없습니다`,
  "no-training-part": () => "train 이라는 부분이 없습니다",
  "one-class": () => "다른 클래스가 없습니다",
  "class-without-pictures": (_, noun) => `배울 수 있는 ${what(noun)}이 없습니다`,
  "constant-target": ({ count, value }, noun) =>
    `배울 ${what(noun)} ${withParticle(count, noun)} 모두 ${value}입니다`,
  "conflicting-labels": labelled,
  leakage: divided,
  duplicates: labelled,
  "near-conflict": labelled,
  "near-leakage": divided,
  "near-duplicates": labelled,
  "near-withheld": ({ pairs, pictures, least, alike }, noun) =>
    `${what(noun)} ${counted(pictures, noun)} 가운데 ${pairs}쌍의 상관이 ${least} 이상이고 이 둘이 가장 큽니다(${alike}). 하지만 이런 ${what(noun)}은 서로 워낙 비슷해서 우연으로 설명됩니다`,
  unusable: quoted,
  unlisted: quoted,
  "group-overlap": ({ count, of, groups, ...values }) =>
    `묶음 ${of}개 가운데 ${count}개가 ${parts(values)} 부분에 함께 있습니다: ${groups}`,
  "likely-wrong-label": (values) =>
    "number" in values
      ? `${values["number"]}의 라벨은 ${values["given"]}인데, 이 그림을 배우지 않은 신경망의 답은 ${values["answered"]}입니다(로버스트 표준편차의 ${values["deviations"]}배 떨어짐)`
      : "likely" in values
        ? `라벨은 ${values["given"]}인데 ${values["likely"]}일 확률이 더 높습니다(${values["of_likely"]} 대 ${values["of_given"]}, 이 그림을 배우지 않은 신경망이 보기에)`
        : `라벨 ${values["label"]}${particleAfter(String(values["label"]), "이/가")} ${values["given"] ? "붙어 있습니다" : "없습니다"}. 이 그림을 배우지 않은 신경망이 보기에 그 확률은 ${values["probability"]}입니다`,
  "not-told-apart": ({ accuracy, count, interval, guess, guessing }) =>
    `그림 ${count}장을 배우지 않은 신경망이 ${accuracy} 맞혔습니다(95% 구간 ${(interval as string[]).join("에서 ")}). 언제나 ${guess}${particleAfter(String(guess), "으로/로")} 답해도 ${guessing} 맞습니다`,
  unlabelled: ({ count }) => `그림 ${count}장에 주석이 없습니다`,
  "without-captions": ({ count }) => `그림 ${count}장에 설명이 없습니다`,
  "box-without-area": quoted,
  "box-outside": quoted,
  "box-inverted": quoted,
  "box-clipped": quoted,
  "empty-caption": quoted,
  "caption-doubled": quoted,
  "box-doubled": ({ count, label, share }) =>
    `${label} 상자 ${count}개가 두 번 그려져 있습니다(겹침 최대 ${share})`,
  "box-tiny": ({ count, label, side, size }) =>
    `${size} 그림에서 ${side}화소보다 좁은 ${label} 상자가 ${count}개 있습니다`,
  "few-boxes": ({ count, least }) => `배울 상자가 ${count}개로, ${least}개보다 적습니다`,
  "no-boxes": ({ count, of }) => `그림 ${of}장 가운데 ${count}장에 상자가 없습니다`,
  "small-class": ({ count, least }, noun) =>
    `배울 ${what(noun)} ${counted(count, noun)}: ${counted(least, noun)}보다 적습니다`,
  imbalance: ({ largest, smallest, times }, noun) =>
    `가장 큰 클래스에는 ${what(noun)}이 ${counted(largest, noun)}, 가장 작은 클래스에는 ${counted(smallest, noun)}: ${times}배가 넘습니다`,
  "odd-names": ({ alike, counts }, noun) => {
    const each = Object.entries(counts as Record<string, number>);
    const listed = each.map(([name, count]) => `${name} ${counted(count, noun)}`).join(", ");
    return alike
      ? `대소문자나 빈칸만 다른 클래스 이름입니다(${listed}). 같은 뜻이면 똑같이 쓰세요`
      : `프로그램이 라벨이 없는 곳에 쓰는 말입니다(${listed}). 라벨이 없는 것이라면 이 ${what(noun)}을 지우세요`;
  },
  "class-missing": ({ part }, noun) =>
    `${PARTS[String(part)] ?? part} 부분에 ${what(noun)}이 없습니다`,
  tiny: ({ side }) => `한 변이 ${side}화소보다 짧습니다`,
  huge: ({ millions }) => `${millions}백만 화소이 넘습니다`,
  "several-frames": () => "장면이나 쪽이 여럿입니다",
  "wrong-ending": ({ ending, content }) =>
    `이름은 .${ending}${particleAfter(String(ending), "으로/로")} 끝나지만 내용은 ${content}입니다`,
  silent: ({ floor }) => `${floor} dB보다 큰 소리가 없습니다(진폭이 최대인 사인파가 0 dB)`,
  "deep-values": ({ fractions, bits, ends, outside, range, others }) =>
    `${fractions ? "소수 값의" : `${bits}비트`} 그림: 값 ${ends}${particleAfter(String(ends), "을/를")} 0..255로 옮깁니다` +
    (outside ? `. ${outside}는 그 밖(${range})에 있어 잘립니다` : "") +
    (others ? `. 8비트 그림 ${others}장은 값이 그대로입니다` : ""),
  decided: ({ count }) => `이미 결정한 그림에 대한 점검 결과 ${count}건`,
  understood: note,
  "left-out": note,
};
