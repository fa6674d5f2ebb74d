/** What the parts of data are called. */
export const names = { train: "학습", validation: "검증", test: "시험", all: "전체" };

/** The same, of any text. */
export const PARTS: Record<string, string> = names;
