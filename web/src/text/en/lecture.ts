export const lecture = {
  chapters: "Chapters",
  slide: "The slide's example",
  here: "In this network, for this picture",
  questions: "Questions",
  check: "Check",
  right: "right",
  wrong: "not quite",
  notNumber: "Write a number, such as 12 or 0.5 (or 0,5).",
  show: "Show the answer",
  answer: (value: string) => `It is ${value}.`,
  open: "Open it",
  none: "This network has no such layer.",
  pixels: {
    title: "Pixels",
    paragraph:
      "A network sees numbers. A grey picture is a table with one number for each pixel, 0 for black to 255 for white; a colour picture has three such tables, for red, green and blue. Click in the picture to read its numbers.",
    image: "an image of 0 and 1, 7×7",
    picture: "the picture",
    grey: "grey",
    colours: ["red", "green", "blue"],
    around: (channel: string, row: number, column: number) =>
      `${channel}, from row ${row}, column ${column}`,
    hints: {
      count: "Multiply the picture's rows, columns and channels.",
      value: "Click that pixel in the picture: its number is marked beside it.",
      twice: "Twice as many rows, and twice as many pixels in each.",
    },
    count: "How many numbers does this network take in?",
    value: (row: number, column: number) =>
      `What is the first number of the pixel in row ${row}, column ${column} (from 0)?`,
    twice: "How many would a picture of twice the height and twice the width have?",
  },
  convolution: {
    title: "Convolution",
    paragraph:
      "A kernel, a small table of weights, slides over the picture. At every position each weight is multiplied with the number below it, and the products are added up: one number of a feature map. Many kernels give many maps. (The kernel is not turned round, so that this is, strictly, cross-correlation.) Click in the map to choose a position.",
    image: "image, 7×7",
    kernel: "kernel, 3×3",
    map: "feature map, 5×5",
    misprintTitle: "A misprint on the slide.",
    misprint: (row: number, column: number, printed: string, computed: string) =>
      `It prints ${printed} in row ${row}, column ${column} (from 1) of the feature map. The nine products there add up to ${computed}: that number is marked here, and everything below goes on from it.`,
    mapOf: (layer: string, channel: number) => `${layer}, map ${channel}`,
    choose: "Map",
    window: (input: number) => `window, input map ${input}`,
    kernelOf: (channel: number) => `kernel ${channel}`,
    products: "products",
    more: (count: number) => `The same for ${count} more input ${count === 1 ? "map" : "maps"}.`,
    sum: (products: string, bias: string) => `Products ${products} + bias ${bias} =`,
    hints: {
      slideValue: (row: number, column: number) =>
        `Lay the kernel over rows ${row} to ${row + 2}, columns ${column} to ${column + 2} of the image, multiply, and add up. Do not trust the slide here.`,
      weights: "Multiply the kernel's rows and columns, and the maps that it reads.",
      valueAt: (layer: string) =>
        `Choose that map, and click there in it; or point at it in ${layer} at the top of the page.`,
    },
    slideValue: (row: number, column: number) =>
      `In the slide's feature map, what belongs in row ${row}, column ${column} (from 1)?`,
    weights: (layer: string) => `How many weights has one kernel of ${layer}, without its bias?`,
    valueAt: (layer: string, at: string) =>
      `What is the value of ${layer} at row, column, map ${at} (from 0)? (to 1 %)`,
  },
  relu: {
    title: "ReLU",
    paragraph:
      "max(0, x): what is negative becomes 0, what is positive stays. Without such a bend, layer after layer would only be one linear map, and no deeper than one layer.",
    before: "before",
    after: "after ReLU",
    slideNote: "The slide's kernel has no negative weight, so nothing changes here.",
    mapOf: (layer: string, channel: number) => `${layer}, map ${channel}`,
    share: (what: string, share: string) =>
      `After ${what}, ${share} of the values of all maps are 0.`,
    hints: {
      of: "The larger one of 0 and the number.",
      becomes: (formula: string) => `It is computed by ${formula}.`,
      zeros: (count: number) => `There are ${count} values; the share of zeros is given above.`,
    },
    of: (value: string) => `What does ReLU make of ${value}?`,
    becomes: (value: string, what: string) =>
      `The lowest value here is ${value}. What does ${what} make of it? (to 1 %)`,
    zeros: (layer: string) => `How many values of ${layer} are 0 for this picture? (to 1 %)`,
  },
  pooling: {
    title: "Pooling",
    paragraph:
      "Of each little window only the largest value is kept (max pooling), or the mean (average pooling). The map becomes smaller, and it matters less where exactly something was found. Click in the map to choose a window.",
    before: "5×5",
    after: "max pooling 2×2: 3×3, windows over the edge count",
    mapOf: (layer: string, channel: number) => `${layer}, map ${channel}`,
    window: (layer: string) => `the window in ${layer}`,
    makes: (what: string) => `${what} makes of it`,
    hints: {
      rows: "Windows begin at every second row, and the one over the edge counts.",
      value: (input: string) =>
        `Click there in the map, or open the value: it is made of a window in ${input}.`,
      count: (layer: string) => `Multiply the rows, columns and maps of ${layer}.`,
    },
    rows: "How many rows has the slide's pooled map?",
    value: (what: string, layer: string, at: string) =>
      `What does ${what} give in ${layer} at row, column, map ${at} (from 0)? (to 1 %)`,
    count: (layer: string) => `How many numbers does ${layer} give?`,
  },
  flattening: {
    title: "Flattening",
    paragraph:
      "Maps become one long column of numbers, row by row, position by position, so that a dense layer can read them all.",
    before: "pooled map",
    after: "flattened",
    choose: "Place in the column",
    is: (place: number, at: string, layer: string) =>
      `Place ${place} is row, column, map ${at} of ${layer}:`,
    hints: {
      length: "Multiply rows, columns and maps.",
      placeOf: ([, columns, maps]: readonly number[]) =>
        `(row · ${columns} + column) · ${maps} + map.`,
      row: ([, columns, maps]: readonly number[]) =>
        `Divide it by ${columns} · ${maps}, the numbers of a row, and leave out the rest.`,
    },
    length: (shape: string) => `How many numbers does flattening ${shape} give?`,
    placeOf: (at: string) => `At which place (from 0) is row, column, map ${at}?`,
    row: (place: number) => `From which row (from 0) is place ${place}?`,
  },
  dense: {
    title: "Full connection",
    paragraph:
      "Every unit reads every number: each is multiplied with a weight of its own, and the products and a bias are added up. Units of the last layer stand for classes; numbers with large products vote for or against them.",
    flattened: "what the dense network reads",
    slideText:
      "On the slide, two units read it through hidden ones: dog and cat. A hidden unit that fires for whiskers is listened to by the cat's.",
    unit: (name: string, layer: string, count: number) =>
      `The unit ${name} of ${layer} reads ${count} numbers.`,
    for: "vote for it",
    against: "vote against it",
    from: "read",
    value: "value",
    weight: "weight",
    product: "product",
    all: (count: number) => `All ${count} products and the bias make`,
    hints: {
      weights: "Each unit has a weight of its own for every number that it reads.",
      vote: "Multiply the value with the weight.",
      without: "Subtract its product from the unit's value.",
      slideUnits: "One for each class.",
    },
    weights: (layer: string) => `How many weights has ${layer}, without biases?`,
    vote: (at: string, value: string, weight: string) =>
      `Unit ${at} has the value ${value} and the weight ${weight}. What is its vote? (to 1 %)`,
    without: (at: string) => `What would the unit's value be without the vote of ${at}? (to 1 %)`,
    slideUnits: "How many output units has the slide's network?",
  },
  softmax: {
    title: "Softmax and cross-entropy",
    paragraph:
      "Softmax makes probabilities of logits: e to the power of each, divided by the sum of all. The cross-entropy is −ln of the right class's probability: 0 if it is 1, and the larger the surer the network is of something wrong. Its gradient at the logits is y − t: probabilities minus truth.",
    dogCat: (scores: string, probabilities: string) =>
      `Dog and cat: logits ${scores} give probabilities ${probabilities}.`,
    table: "Two networks, three images: the same error, different loss",
    network: (number: string) => `network ${number}`,
    error: "classification error",
    squared: "mean squared error",
    entropy: "cross-entropy",
    class: "class",
    logit: "logit z",
    powers: "e^(z − largest)",
    probability: "probability y",
    gradient: "y − t",
    loss: (name: string) => `If ${name} is right, the loss is`,
    otherTask: "This network does not choose one class, so that its answer is no softmax.",
    hints: {
      slideRatio: "Probabilities are as e to the power of the logits: divide e³ by e⁰.",
      total: "Each is divided by the sum of all.",
      power: "Subtract, and use a calculator's eˣ; 1.6e-5 stands for 0.000016.",
    },
    slideRatio: "The slide's logits are 3 and 0. How many times as likely is dog as cat? (to 1 %)",
    total: "What do all probabilities add up to?",
    power: (name: string, best: string, difference: string) =>
      `The logit of ${name} minus that of ${best} is ${difference}. What is e to that power? (to 1 %)`,
  },
};
