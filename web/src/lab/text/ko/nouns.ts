/** The pictures that findings and notes are about, as a report calls them. */
export const NOUNS: Record<string, string> = { picture: "그림", recording: "녹음" };
