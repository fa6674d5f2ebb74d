import { expect, test } from "vitest";
import { attach, type Particle } from "../../src/text/ko/particle";

test.each<[string | number, Particle, string]>([
  ["합성곱", "이/가", "합성곱이"],
  ["커널", "으로/로", "커널로"], // ㄹ takes 로
  ["흐리게", "으로/로", "흐리게로"],
  ["돋을새김", "으로/로", "돋을새김으로"],
  ["고양이", "과/와", "고양이와"],
  ["개", "은/는", "개는"],
  // numbers, as they are read: 영 일 이 삼 사 오 육 칠 팔 구, 십, 백
  [0, "을/를", "0을"],
  [1, "으로/로", "1로"],
  [2, "이/가", "2가"],
  [3, "으로/로", "3으로"],
  [4, "을/를", "4를"],
  [5, "은/는", "5는"],
  [6, "이/가", "6이"],
  [7, "으로/로", "7로"],
  [8, "을/를", "8을"],
  [9, "과/와", "9와"],
  [10, "이/가", "10이"],
  [1200, "으로/로", "1200으로"],
  ["−0.05", "이/가", "−0.05가"],
  ["12.3 %", "이/가", "12.3 %가"], // 퍼센트
  ["3, 7, 5", "은/는", "3, 7, 5는"],
  ["−∞", "을/를", "−∞를"], // 무한대
  // Latin names: 컨브 일, 알, 엔, 풀, 캣, 도그, 애플, 플레인, 테스트
  ["conv1", "은/는", "conv1은"],
  ["R", "으로/로", "R로"],
  ["CNN", "이/가", "CNN이"],
  ["ReLU", "은/는", "ReLU는"],
  ["pool", "으로/로", "pool로"],
  ["cat", "이/가", "cat이"],
  ["dog", "이/가", "dog가"],
  ["apple", "으로/로", "apple로"],
  ["airplane", "을/를", "airplane을"],
  ["test", "은/는", "test는"],
  ["truck", "과/와", "truck과"],
  // what follows the word itself says nothing
  ["합성곱 (3×3)", "이/가", "합성곱 (3×3)이"],
  ["개 <b>!", "을/를", "개 <b>!를"],
  // nobody knows: both
  ["猫", "이/가", "猫이(가)"],
  ["", "은/는", "은(는)"],
])("%s with %s", (word, particle, text) => {
  expect(attach(word, particle)).toBe(text);
});

test("every Korean syllable takes what its final consonant asks for", () => {
  const wrong: string[] = [];
  for (let code = 0xac00; code <= 0xd7a3; code++) {
    const syllable = String.fromCharCode(code);
    const [, final] = /^.+?[\u1161-\u1175]([\u11a8-\u11c2])?$/u.exec(syllable.normalize("NFD"))!;
    const role = final === undefined || final === "\u11af";
    const right = [final === undefined ? "가" : "이", role ? "로" : "으로"];
    const found = [attach(syllable, "이/가"), attach(syllable, "으로/로")];
    if (found.join() !== right.map((each) => syllable + each).join()) wrong.push(found.join());
  }
  expect(wrong).toEqual([]);
});
