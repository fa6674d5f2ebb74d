"""Worksheets in Korean, with the words of the page's lecture.

Names and numbers stand where the particle behind them does not depend on how they end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show.worksheet.words import Words, power, rule

if TYPE_CHECKING:
    from pellucid.show.worksheet.words import Facts

COLOURS = ("빨강", "초록", "파랑")


def _decimals(count: int) -> str:
    return "정수" if count == 0 else f"소수점 아래 {count}자리"


def _channel(f: Facts) -> str:
    if f["channels"] == 1:
        return ""
    return f", {COLOURS[f['channel']]}" if f["colour"] else f", 특징맵 {f['channel']}번"


def _unit(f: Facts) -> str:
    return f" 기울기의 단위는 {power(f['exponent'])}입니다." if f["exponent"] else ""


def _at(f: Facts) -> str:
    row, column, channel = f["at"] if len(f["at"]) == 3 else (None, None, f["at"][0])
    where = f"특징맵 {channel}번"
    return where if row is None else f"{where}의 {row}행 {column}열"


def _rest(f: Facts) -> str:
    if not f["others"]:
        return ""
    return f" 나머지 곱 {f['others']}개의 합은 다음과 같습니다: {f['rest'] or 0}."


def _pixels(f: Facts) -> str:
    which = "" if f["channels"] == 1 else f"(여기서는 채널 하나{_channel(f)})"
    return (
        f"신경망은 화소마다 0부터 255까지의 숫자를 받습니다{which}. 첫 층 {f['layer']}의 계산식은 "
        f"다음과 같습니다: (x − {f['mean']}) / {f['std']}. 화소 세 개의 값을 "
        f"{_decimals(f['decimals'])}까지 계산하세요."
    )


def _convolution(f: Facts) -> str:
    added = f"모두 더한 다음 편향(b = {f['bias']})을 더하세요" if f["bias"] else "모두 더하세요"
    return (
        f"{f['layer']} 층에서 {_at(f)}에 놓이는 값을 구합니다. 창의 숫자마다 커널에서 같은 자리에 "
        f"있는 가중치를 곱하고, 곱을 {added}. 곱은 {_decimals(f['product_decimals'])}, 합은 "
        f"{_decimals(f['decimals'])}까지 반올림하세요.{_rest(f)}"
    )


def _norm(f: Facts) -> str:
    return (
        f"{f['layer']} 층은 훈련하면서 채널마다 구한 평균과 표준편차로 값을 정규화한 다음, γ를 "
        f"곱하고 β를 더합니다. 여기서는 μ = {f['mean']}, σ = √(분산 + ε) = {f['deviation']}, γ = "
        f"{f['gamma']}, β = {f['beta']}입니다. {_at(f)}의 값은 x = {f['x']}입니다. "
        f"{_decimals(f['decimals'])}까지 계산하세요."
    )


def _part(f: Facts) -> str:
    if f["flat"]:
        return f"다음은 {f['input']} 층의 유닛 몇 개입니다."
    return f"다음은 {f['input']} 층 특징맵 {f['channel']}번의 일부입니다."


def _activation(f: Facts) -> str:
    return (
        f"{f['layer']} 층은 모든 숫자 x에 함수 {rule(f)} 하나를 적용합니다. {_part(f)} 결과를 "
        f"{_decimals(f['decimals'])}까지 쓰세요."
    )


def _pooling(f: Facts) -> str:
    keeps = "가장 큰 값만" if f["maximum"] else f"값 {f['count']}개의 평균만"
    if f["learned"]:
        a, b = f["learned"]["coefficient"], f["learned"]["bias"]
        keeps = f"a · (값 {f['count']}개의 합) + b만(학습된 a = {a}, b = {b})"
    given = ""
    if "by_row" in f:
        what = "가장 큰 값" if f["maximum"] else "합"
        each = "행마다" if f["by_row"] else "창 전체의"
        given = f" 창이 커서 {each} {what}을 적어 두었습니다."
    return (
        f"{f['layer']} 층은 {f['input']} 층의 창마다 {keeps} 남깁니다. 이 창의 결과는 {_at(f)}에 "
        f"놓입니다.{given} {_decimals(f['decimals'])}까지 쓰세요."
    )


def _flattening(f: Facts) -> str:
    height, width, channels = f["shape"]
    return (
        f"{f['layer']} 층은 {f['input']} 층의 숫자 {height}×{width}×{channels}개(행×열×특징맵)를 "
        "벡터 하나로 펼칩니다. 한 행씩, 행 안에서는 한 자리씩, 한 자리에서는 특징맵 순서대로 "
        "늘어놓습니다."
    )


def _dense(f: Facts) -> str:
    named = f"(클래스 ‘{f['class']}’)" if f["class"] else ""
    largest = " 곱 가운데 큰 것만 적었습니다." if f["others"] else ""
    added = f"모두 더한 다음 편향(b = {f['bias']})을 더합니다" if f["bias"] else "모두 더합니다"
    return (
        f"{f['layer']} 층의 유닛 {f['unit']}번{named}은 {f['input']} 층의 숫자 {f['count']}개에 "
        f"저마다 가중치를 곱하고, 곱을 {added}.{largest}{_rest(f)} 곱은 "
        f"{_decimals(f['product_decimals'])}, 합은 {_decimals(f['decimals'])}까지 반올림하세요."
    )


def _softmax(f: Facts) -> str:
    rest = ""
    if f["others"]:
        rest = f" 나머지 클래스 {f['others']}개는 거듭제곱의 합에 {f['rest']}만큼 더해집니다."
    return (
        f"소프트맥스는 {f['layer']} 층의 로짓 z를 확률 p = eᶻ / Σ eᶻ로 바꿉니다. 먼저 가장 큰 "
        f"로짓({f['largest']})을 빼세요. 그래도 p는 같고 숫자는 작아집니다.{rest} "
        f"{_decimals(f['decimals'])}까지 계산하세요."
    )


def _cross_entropy(f: Facts) -> str:
    truth = "정답은 다음 클래스입니다" if f["given"] else "신경망의 답을 정답으로 봅니다"
    if f["small"]:
        how = (
            "p가 너무 작아 소수 몇 자리로는 로그를 구할 수 없으므로 L = ln S − (z − 가장 큰 "
            "로짓)으로 "
            f"계산하고, S에는 {f['total']}의 답을 넣으세요."
        )
    else:
        how = f"p에는 {f['probability']}의 답을 넣으세요."
    return (
        f"{truth}: ‘{f['class']}’. 이 그림의 손실은 정답 클래스의 확률 p로 계산하는 교차 엔트로피 "
        f"L = −ln p입니다. {how} {_decimals(f['decimals'])}까지 계산하세요."
    )


def _sigmoid(f: Facts) -> str:
    return (
        f"라벨 {f['count']}개는 저마다 예/아니요로 답하는 질문입니다. 시그모이드는 {f['layer']} "
        "층의 로짓 z를 확률 p = 1 / (1 + e⁻ᶻ)로 바꿉니다. 라벨이 여럿이면 확률의 합은 1이 아니어도 "
        f"됩니다. {_decimals(f['decimals'])}까지 계산하세요."
    )


def _binary_cross_entropy(f: Facts) -> str:
    who = "이 그림의 라벨은 다음과 같습니다" if f["given"] else "신경망의 답을 정답으로 봅니다"
    how = "라벨이 있으면(y = 1) ℓ = −ln p, 없으면(y = 0) ℓ = −ln (1 − p)"
    if f["small"]:
        how = (
            "라벨이 있으면(y = 1) ℓ = ln (1 + e⁻ᶻ), 없으면(y = 0) ℓ = ln (1 + eᶻ). 이는 −ln p, "
            "−ln (1 − p)와 같지만, 소수 몇 자리인 p로는 로그를 구할 수 없어 이렇게 계산합니다"
        )
    rest = ""
    if f["others"]:
        rest = f" 나머지 라벨 {f['others']}개의 합은 다음과 같습니다: {f['rest']}."
    return (
        f"{who}: ‘{f['labels']}’. 라벨 하나의 손실은 이진 교차 엔트로피입니다: {how}. 그림의 손실 "
        f"L은 라벨 {f['count']}개의 평균입니다.{rest} {_decimals(f['decimals'])}까지 계산하세요."
    )


def _squared_error(f: Facts) -> str:
    who = "" if f["given"] else " 신경망의 답을 정답으로 봅니다."
    rest = ""
    if f["others"]:
        rest = f" 나머지 {f['others']}개의 제곱의 합은 다음과 같습니다: {f['rest']}."
    return (
        f"{f['layer']} 층은 표준화한 수 z를 냅니다. 정답 t도 그렇게 표준화합니다: (값 − μ) / σ. "
        f"‘{f['quantity']}’에서는 μ = {f['mean']}, σ = {f['scale']}입니다.{who} 손실 L은 제곱 "
        f"오차, 곧 수 {f['count']}개에 대한 (z − t)²의 평균입니다.{rest} 차는 "
        f"{_decimals(f['decimals'])}, 손실은 {_decimals(f['loss_decimals'])}, "
        f"‘{f['quantity']}’의 값은 {_decimals(f['units_decimals'])}까지 계산하세요."
    )


def _at_outputs(f: Facts) -> str:
    if f["kind"] == "labels":
        how = f"L이 라벨 {f['count']}개의 평균이므로 ∂L/∂z = (p − y) / {f['count']}"
        own = "확률로"
    else:
        how = f"제곱의 평균의 기울기이므로 ∂L/∂z = 2 · (z − t) / {f['count']}"
        own = "차로"
    return (
        f"학습은 거꾸로 진행하며(역전파) 출력에서 시작합니다. {how}입니다. 앞에서 구한 {own} "
        f"{_decimals(f['decimals'])}까지 계산하세요."
    )


def _gradient(f: Facts) -> str:
    if "kind" in f:
        return _at_outputs(f)
    return (
        "학습은 거꾸로 진행하며(역전파) 로짓에서 시작합니다. 로짓에서 손실의 기울기는 ∂L/∂z = p − "
        f"y입니다. y는 정답 클래스(‘{f['class']}’)에서 1, 나머지에서 0입니다. 앞에서 구한 확률로 "
        f"{_decimals(f['decimals'])}까지 계산하세요."
    )


def _step(f: Facts) -> str:
    times = f" × {power(f['exponent'])}" if f.get("exponent") else ""
    return (
        f"학습률이 η = {f['rate']}인 경사 하강법 한 걸음 뒤에 이 가중치는 다음과 같습니다: w − η · "
        f"∂L/∂w{times}."
    )


def _dense_update(f: Facts) -> str:
    return (
        f"{f['layer']} 층에서 입력 {f['entry']}번과 유닛 {f['unit']}번(클래스 ‘{f['class']}’)을 "
        f"잇는 가중치는 w = {f['before']}입니다. 기울기는 ∂L/∂w = δ · x이고, 여기서 "
        f"δ = {f['delta']}, x = {f['x']}입니다(δ는 유닛에서의 기울기, x는 가중치에 곱해진 숫자). "
        f"∂L/∂w는 {_decimals(f['decimals'])}까지 반올림하세요. {_step(f)}"
    )


def _through_dense(f: Facts) -> str:
    rest = ""
    if f["others"]:
        rest = f" 나머지 유닛 {f['others']}개의 합은 다음과 같습니다: {f['rest']}."
    return (
        f"기울기는 {f['layer']} 층이 읽은 값으로 전해집니다. {f['input']} 층의 {f['entry']}번 값은 "
        "모든 유닛이 읽었으므로 그 기울기는 유닛마다 구한 w · δ의 합입니다(δ는 유닛에서의 "
        f"기울기).{rest} {_decimals(f['decimals'])}까지 계산하세요."
    )


def _through_activation(f: Facts) -> str:
    slope = "전해지지 않습니다" if f["slope"] == "0" else f"{f['slope']}배가 되어 전해집니다"
    how = f"x가 양수였던 곳에서는 뒤에서 온 기울기 δ가 그대로 전해지고, 나머지에서는 {slope}"
    if not f["straight"]:
        how = "뒤에서 온 기울기 δ에 x에서의 미분값을 곱합니다. 미분값은 적어 두었습니다"
    return (
        f"{f['layer']} 층을 거슬러 갑니다. {how}. {_part(f)}{_unit(f)} "
        f"{_decimals(f['decimals'])}까지 쓰세요."
    )


def _through_pooling(f: Facts) -> str:
    if f["maximum"]:
        how = "창에서 가장 컸던 값에만 전해지고 나머지는 0을 받습니다"
    else:
        how = f"창의 값 {f['count']}개에 똑같이 나뉩니다"
    return (
        f"{f['layer']} 층을 거슬러 갑니다. 이 층에서 {_at(f)}의 기울기는 δ = {f['delta']}이며, "
        f"{how}. "
        f"다음은 {f['input']} 층에 있는 그 창입니다.{_unit(f)} 이 창에서 각 값이 받는 기울기를 "
        f"{_decimals(f['decimals'])}까지 쓰세요."
    )


def _kernel_update(f: Facts) -> str:
    row, column, channel, kernel = f["at"]
    largest = " 곱 가운데 큰 것만 적었습니다." if f["others"] else ""
    return (
        f"{f['layer']} 층의 커널 {kernel}번에서 {f['input']} 층 특징맵 {channel}번에 곱하는 "
        f"{row}행 {column}열의 가중치는 w = {f['before']}입니다. 이 가중치는 특징맵의 모든 "
        "자리에서 쓰였으므로 기울기 ∂L/∂w는 모든 자리에서 구한 x · δ의 합입니다(δ는 그 자리의 "
        f"기울기).{largest}{_rest(f)}{_unit(f)} 곱은 {_decimals(f['product_decimals'])}, 기울기는 "
        f"{_decimals(f['decimals'])}까지 반올림하세요. {_step(f)}"
    )


KOREAN = Words(
    language="ko",
    title=lambda picture: f"학습지: {picture}" if picture else "학습지",
    key=lambda picture: f"정답지: {picture}" if picture else "정답지",
    fields=("이름", "반", "날짜"),
    sheet=lambda digest: f"학습지 번호 {digest}",
    before=(
        "숫자는 모두 이 신경망이 이 그림에서 실제로 계산한 값을 반올림한 것입니다. 여기에 인쇄된 "
        "숫자 그대로 계산하세요. 반올림 때문에 생기는 작은 차이는 맞은 것으로 봅니다. 행, 열, "
        "특징맵, 유닛, 자리는 모두 0부터 셉니다."
    ),
    network=lambda layers: f"신경망: {layers}.",
    picture=lambda name, size: f"{name}, {size}" if name else size,
    names={
        "pixels": "화소",
        "convolution": "합성곱",
        "norm": "배치 정규화",
        "activation": "활성화 함수",
        "relu": "ReLU",
        "pooling": "풀링",
        "max": "최댓값 풀링",
        "mean": "평균 풀링",
        "learned": "서브샘플링",
        "flattening": "펼치기",
        "dense": "완전연결",
        "softmax": "소프트맥스",
        "sigmoid": "시그모이드",
        "cross-entropy": "교차 엔트로피",
        "binary-cross-entropy": "이진 교차 엔트로피",
        "squared-error": "제곱 오차",
        "gradient": "출력에서의 기울기",
        "dense-update": "가중치 하나의 학습",
        "through-dense": "완전연결층을 거슬러 가는 기울기",
        "through-activation": "활성화 함수를 거슬러 가는 기울기",
        "through-pooling": "풀링을 거슬러 가는 기울기",
        "kernel-update": "커널에 있는 가중치 하나의 학습",
    },
    texts={
        "pixels": _pixels,
        "convolution": _convolution,
        "norm": _norm,
        "activation": _activation,
        "pooling": _pooling,
        "flattening": _flattening,
        "dense": _dense,
        "softmax": _softmax,
        "sigmoid": _sigmoid,
        "cross-entropy": _cross_entropy,
        "binary-cross-entropy": _binary_cross_entropy,
        "squared-error": _squared_error,
        "gradient": _gradient,
        "dense-update": _dense_update,
        "through-dense": _through_dense,
        "through-activation": _through_activation,
        "through-pooling": _through_pooling,
        "kernel-update": _kernel_update,
    },
    grids={
        "pixels": "화소",
        "normalised": "정규화한 값",
        "window": lambda f: f"창{_channel(f)}" if "channels" in f else "창",
        "kernel": lambda f: f"커널{_channel(f)}",
        "products": "곱",
        "before": "전, x",
        "after": "후",
        "row_sums": "행마다의 합",
        "row_maxima": "행마다 가장 큰 값",
        "votes": "큰 곱",
        "softmax": "소프트맥스",
        "at_logits": "로짓에서의 기울기",
        "sigmoid": "라벨마다의 확률",
        "label_losses": "라벨마다의 손실",
        "differences": "차",
        "at_outputs": "출력에서의 기울기",
        "paths": "유닛마다 전해지는 기울기",
        "delta": "뒤의 기울기 δ",
        "slopes": "x에서의 미분값",
        "delta_before": "앞의 기울기",
        "weight_terms": "큰 곱",
    },
    heads={
        "entry": "자리",
        "value": "x",
        "weight": "w",
        "product": "곱",
        "class": "클래스",
        "logit": "로짓 z",
        "power": "e^(z − 최댓값)",
        "probability": "p",
        "target": "y",
        "delta": "δ",
        "place": "행, 열",
        "label": "라벨",
        "label_loss": "ℓ",
        "quantity": "수",
        "output": "z",
        "right": "t",
        "difference": "z − t",
    },
    asks={
        "sum": "곱의 합:",
        "sum_of": lambda f: f"곱의 합{_channel(f)}:",
        "total": "모두 더하면:",
        "standardised": "(x − μ) / σ =",
        "scaled": "γ · (x − μ) / σ + β =",
        "maximum": "가장 큰 값:",
        "mean": "평균:",
        "subsampled": "a · 합 + b =",
        "row": "그 값의 행:",
        "column": "그 값의 열:",
        "length": "벡터의 길이:",
        "entry": lambda f: "{}행 {}열, 특징맵 {}번은 벡터의 몇 번째 자리입니까?".format(*f["at"]),
        "row_of": lambda f: f"벡터의 {f['entry']}번째 자리는 몇 행에서 왔습니까?",
        "column_of": "몇 열입니까?",
        "channel_of": "특징맵 몇 번입니까?",
        "sum_of_powers": "거듭제곱의 합 S:",
        "loss": "L =",
        "in_units": lambda f: f"‘{f['quantity']}’에 대한 신경망의 답, z · σ + μ =",
        "gradient": "∂L/∂w =",
        "after": lambda f: f"한 걸음 뒤의 가중치({_decimals(f['decimals'])}까지):",
    },
    left_out=(
        "없는 문제",
        {
            "none": "신경망에 그런 층이 없습니다",
            "quantised": "신경망이 그 층에서는 양자화한 수로 계산합니다",
            "task": "신경망이 클래스 하나를 고르지 않습니다",
            "labels": "신경망이 라벨 여럿을 답하지 않습니다",
            "numbers": "신경망이 수를 답하지 않습니다",
            "gradients": "양자화한 신경망에는 기울기가 없습니다",
            "settled": "전해지는 기울기가 없습니다. 신경망이 이 그림에서 더 배울 것이 없습니다",
        },
    ),
    columns=("빈칸", "답", "±", "신경망의 값"),
    exact="인쇄된 숫자로 계산한 답, 그리고 신경망이 모든 자리를 써서 계산한 값",
)
