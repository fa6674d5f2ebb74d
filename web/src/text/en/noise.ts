export const noise = {
  title: "Generated picture",
  made: (size: string) => `what the generator makes, ${size} pixels`,
  level: (row: number, column: number) => `pixel of row ${row}, column ${column}`,
  fresh: "New noise",
  way: "Go to another picture",
  share: "from the first picture to the other",
  directions: "Directions in the noise",
  about: "Those that change the first layer most, in steps of 1 as large as a number's deviation.",
  direction: (number: number) => `direction ${number}`,
  back: "All to 0",
};
