import { attach } from "./particle";

export const lecture = {
  chapters: "차례",
  slide: "슬라이드의 예",
  here: "이 신경망에서, 이 그림으로",
  questions: "질문",
  check: "확인",
  right: "맞습니다",
  wrong: "아직 아닙니다",
  notNumber: "12나 0.5(또는 0,5)처럼 숫자를 쓰세요.",
  show: "답 보기",
  answer: (value: string) => `답은 ${value}입니다.`,
  open: "열어 보기",
  none: "이 신경망에는 그런 층이 없습니다.",
  pixels: {
    title: "화소",
    paragraph:
      "신경망은 숫자를 봅니다. 흑백 그림은 화소마다 숫자 하나가 든 표이며 0은 검정, 255는 하양입니다. 컬러 그림에는 빨강, 초록, 파랑의 표가 세 개 있습니다. 그림을 눌러 숫자를 읽어 보세요.",
    image: "0과 1로 된 그림, 7×7",
    picture: "그림",
    grey: "밝기",
    colours: ["빨강", "초록", "파랑"],
    around: (channel: string, row: number, column: number) =>
      `${channel}, ${row}행 ${column}열부터`,
    hints: {
      count: "그림의 행, 열, 채널의 수를 모두 곱하세요.",
      value: "그림에서 그 화소를 누르면 옆의 표에 그 숫자가 표시됩니다.",
      twice: "행이 두 배이고, 행마다 화소도 두 배입니다.",
    },
    count: "이 신경망은 숫자를 몇 개 받습니까?",
    value: (row: number, column: number) =>
      `${row}행 ${column}열(0부터) 화소의 첫 번째 숫자는 얼마입니까?`,
    twice: "가로와 세로가 두 배인 그림에는 숫자가 몇 개 있습니까?",
  },
  convolution: {
    title: "합성곱",
    paragraph:
      "작은 가중치 표인 커널이 그림 위를 미끄러집니다. 자리마다 가중치와 그 밑의 숫자를 곱해 모두 더하면 특징맵의 숫자 하나가 됩니다. 커널이 많으면 특징맵도 많습니다. (커널을 뒤집지 않으므로 엄밀하게는 상호상관입니다.) 특징맵을 눌러 자리를 고르세요.",
    image: "그림, 7×7",
    kernel: "커널, 3×3",
    map: "특징맵, 5×5",
    misprintTitle: "슬라이드의 오타.",
    misprint: (row: number, column: number, printed: string, computed: string) =>
      `슬라이드의 특징맵에는 ${row}행 ${column}열(1부터)에 ${attach(printed, "이/가")} 적혀 있지만, 그 자리의 곱 아홉 개를 더하면 ${computed}입니다. 여기서는 그 수를 표시했고, 아래의 계산도 모두 그 수로 이어집니다.`,
    mapOf: (layer: string, channel: number) => `${layer}, 특징맵 ${channel}`,
    choose: "특징맵",
    window: (input: number) => `창, 입력 특징맵 ${input}`,
    kernelOf: (channel: number) => `커널 ${channel}`,
    products: "곱",
    more: (count: number) => `나머지 입력 특징맵 ${count}개도 마찬가지입니다.`,
    sum: (products: string, bias: string) => `곱의 합 ${products} + 편향 ${bias} =`,
    hints: {
      slideValue: (row: number, column: number) =>
        `그림의 ${row}–${row + 2}행, ${column}–${column + 2}열에 커널을 놓고, 곱해서 모두 더하세요. 슬라이드에 적힌 수는 틀렸습니다.`,
      weights: "커널의 행과 열, 커널이 읽는 특징맵의 수를 모두 곱하세요.",
      valueAt: (layer: string) =>
        `그 특징맵을 골라 그 자리를 누르거나, 페이지 위쪽의 ${layer}에서 가리켜 보세요.`,
    },
    slideValue: (row: number, column: number) =>
      `슬라이드의 특징맵에서 ${row}행 ${column}열(1부터)에 들어갈 값은 얼마입니까?`,
    weights: (layer: string) => `${layer}의 커널 하나에는 편향을 빼고 가중치가 몇 개 있습니까?`,
    valueAt: (layer: string, at: string) =>
      `${layer}에서 행, 열, 특징맵이 ${at}(0부터)인 값은 얼마입니까? (오차 1 %)`,
  },
  relu: {
    title: "ReLU",
    paragraph:
      "max(0, x): 음수는 0이 되고 양수는 그대로입니다. 이렇게 꺾지 않으면 층을 아무리 쌓아도 선형 함수 하나일 뿐이며 한 층보다 깊지 않습니다.",
    before: "전",
    after: "ReLU 후",
    slideNote: "슬라이드의 커널에는 음수가 없어서 여기서는 달라지는 것이 없습니다.",
    mapOf: (layer: string, channel: number) => `${layer}, 특징맵 ${channel}`,
    share: (what: string, share: string) =>
      `${attach(what, "을/를")} 지나면 모든 특징맵의 값 가운데 ${attach(share, "이/가")} 0입니다.`,
    hints: {
      of: "0과 그 수 가운데 큰 쪽입니다.",
      becomes: (formula: string) => `식은 ${formula}입니다.`,
      zeros: (count: number) => `값은 모두 ${count}개이고, 0의 비율은 위에 있습니다.`,
    },
    of: (value: string) => `ReLU는 ${attach(value, "을/를")} 얼마로 만듭니까?`,
    becomes: (value: string, what: string) =>
      `여기서 가장 작은 값은 ${value}입니다. ${attach(what, "은/는")} 이것을 얼마로 만듭니까? (오차 1 %)`,
    zeros: (layer: string) => `이 그림에서 ${layer}의 값 가운데 0은 몇 개입니까? (오차 1 %)`,
  },
  pooling: {
    title: "풀링",
    paragraph:
      "작은 창마다 가장 큰 값만 남기거나(최댓값 풀링) 평균을 남깁니다(평균 풀링). 특징맵이 작아지고, 무엇이 정확히 어디에 있었는지는 덜 중요해집니다. 특징맵을 눌러 창을 고르세요.",
    before: "5×5",
    after: "최댓값 풀링 2×2: 3×3, 가장자리를 넘는 창도 셈",
    mapOf: (layer: string, channel: number) => `${layer}, 특징맵 ${channel}`,
    window: (layer: string) => `${layer}의 창`,
    makes: (what: string) => `${what}의 결과:`,
    hints: {
      rows: "창은 두 행마다 시작하고, 가장자리를 넘는 창도 셉니다.",
      value: (input: string) =>
        `특징맵에서 그 자리를 누르거나 값을 열어 보세요. ${input}의 창 하나로 만든 값입니다.`,
      count: (layer: string) => `${layer}의 행, 열, 특징맵의 수를 모두 곱하세요.`,
    },
    rows: "슬라이드에서 풀링한 특징맵은 몇 행입니까?",
    value: (what: string, layer: string, at: string) =>
      `${attach(what, "은/는")} ${layer}에서 행, 열, 특징맵 ${at}(0부터)에 얼마를 냅니까? (오차 1 %)`,
    count: (layer: string) => `${attach(layer, "은/는")} 숫자를 몇 개 냅니까?`,
  },
  flattening: {
    title: "펼치기",
    paragraph:
      "특징맵을 한 행씩, 한 자리씩 차례로 늘어놓아 긴 열 하나로 만듭니다. 그래야 완전연결층이 모두 읽을 수 있습니다.",
    before: "풀링한 특징맵",
    after: "펼친 것",
    choose: "열에서의 자리",
    is: (place: number, at: string, layer: string) =>
      `${place}번째 자리는 ${layer}의 행, 열, 특징맵 ${at}입니다:`,
    hints: {
      length: "행, 열, 특징맵의 수를 모두 곱하세요.",
      placeOf: ([, columns, maps]: readonly number[]) =>
        `(행 · ${columns} + 열) · ${maps} + 특징맵입니다.`,
      row: ([, columns, maps]: readonly number[]) =>
        `한 행에 든 숫자의 수 ${columns} · ${attach(maps, "으로/로")} 나누고 나머지는 버리세요.`,
    },
    length: (shape: string) => `${attach(shape, "을/를")} 펼치면 숫자가 몇 개입니까?`,
    placeOf: (at: string) => `행, 열, 특징맵 ${attach(at, "은/는")} 몇 번째 자리(0부터)입니까?`,
    row: (place: number) => `${place}번째 자리는 몇 행(0부터)에서 왔습니까?`,
  },
  dense: {
    title: "완전연결",
    paragraph:
      "유닛마다 모든 숫자를 읽습니다. 숫자마다 고유한 가중치를 곱하고, 곱과 편향을 모두 더합니다. 마지막 층의 유닛은 클래스를 뜻하며, 곱이 큰 숫자가 찬성하거나 반대합니다.",
    flattened: "완전연결층이 읽는 것",
    slideText:
      "슬라이드에서는 개와 고양이 두 유닛이 은닉 유닛을 거쳐 이것을 읽습니다. 고양이 유닛은 수염에 반응하는 은닉 유닛에 큰 가중치를 줍니다.",
    unit: (name: string, layer: string, count: number) =>
      `${layer}의 유닛 ${attach(name, "은/는")} 숫자 ${count}개를 읽습니다.`,
    for: "찬성",
    against: "반대",
    from: "읽은 곳",
    value: "값",
    weight: "가중치",
    product: "곱",
    all: (count: number) => `곱 ${count}개와 편향을 모두 더하면`,
    hints: {
      weights: "유닛마다 읽는 숫자 하나에 가중치가 하나씩 있습니다.",
      vote: "값과 가중치를 곱하세요.",
      without: "유닛의 값에서 그 곱을 빼세요.",
      slideUnits: "클래스마다 하나입니다.",
    },
    weights: (layer: string) => `${layer}에는 편향을 빼고 가중치가 몇 개 있습니까?`,
    vote: (at: string, value: string, weight: string) =>
      `유닛 ${at}의 값은 ${value}, 가중치는 ${weight}입니다. 둘의 곱은 얼마입니까? (오차 1 %)`,
    without: (at: string) => `${at}의 곱이 없다면 유닛의 값은 얼마입니까? (오차 1 %)`,
    slideUnits: "슬라이드의 신경망에는 출력 유닛이 몇 개 있습니까?",
  },
  softmax: {
    title: "소프트맥스와 교차 엔트로피",
    paragraph:
      "소프트맥스는 로짓을 확률로 만듭니다. e를 로짓만큼 거듭제곱하고 그 합으로 나눕니다. 교차 엔트로피는 정답 확률의 −ln입니다. 확률이 1이면 0이고, 틀린 것을 확신할수록 커집니다. 로짓에서의 기울기는 y − t, 곧 확률에서 정답을 뺀 것입니다.",
    dogCat: (scores: string, probabilities: string) =>
      `개와 고양이: 로짓 ${attach(scores, "은/는")} 확률 ${attach(probabilities, "이/가")} 됩니다.`,
    table: "신경망 둘, 그림 셋: 오류율은 같고 손실은 다름",
    network: (number: string) => `신경망 ${number}`,
    error: "분류 오류율",
    squared: "평균 제곱 오차",
    entropy: "교차 엔트로피",
    class: "클래스",
    logit: "로짓 z",
    powers: "e^(z − 최댓값)",
    probability: "확률 y",
    gradient: "y − t",
    loss: (name: string) => `${attach(name, "이/가")} 정답이면 손실은`,
    otherTask: "이 신경망은 클래스 하나를 고르지 않으므로 답이 소프트맥스가 아닙니다.",
    hints: {
      slideRatio: "확률의 비는 e를 로짓만큼 거듭제곱한 수의 비입니다. e³을 e⁰으로 나누세요.",
      total: "저마다 전체의 합으로 나눈 수입니다.",
      power: "빼고 나서 계산기의 eˣ를 쓰세요. 1.6e-5는 0.000016입니다.",
    },
    slideRatio: "슬라이드의 로짓은 3과 0입니다. 개는 고양이보다 몇 배 그럴듯합니까? (오차 1 %)",
    total: "모든 확률을 더하면 얼마입니까?",
    power: (name: string, best: string, difference: string) =>
      `${name}의 로짓에서 ${best}의 로짓을 빼면 ${difference}입니다. e를 그만큼 거듭제곱하면 얼마입니까? (오차 1 %)`,
  },
};
