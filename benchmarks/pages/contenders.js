/**
 * Libraries that train in a browser, each as {step, forward} on the lecture's network: 3×3 kernels,
 * 32 and 64, padded, ReLU and 2×2 pooling behind each; 128 units with ReLU; 10 outputs. SGD with
 * momentum 0.9, cross-entropy.
 */

globalThis.tensorflow = async (backend, { train, batchSize, rate }) => {
  if (backend === "wasm")
    tf.wasm.setWasmPaths("/modules/@tensorflow/tfjs-backend-wasm/dist/");
  if (!(await tf.setBackend(backend)))
    throw new Error(`there is no backend ${backend}`);
  await tf.ready();
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.conv2d({
        inputShape: [28, 28, 1],
        filters: 32,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({
        filters: 64,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 128, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
  });
  const optimizer = tf.train.momentum(rate, 0.9, true);
  model.compile({ optimizer, loss: "categoricalCrossentropy" });
  const size = 28 * 28;
  const images = (first, count) =>
    tf.tidy(() =>
      tf
        .tensor4d(
          train.pixels.slice(first * size, (first + count) * size),
          [count, 28, 28, 1],
          "float32",
        )
        .div(255),
    );
  let at = 0;
  return {
    async step() {
      const x = images(at, batchSize);
      const y = tf.tidy(() =>
        tf.oneHot(
          tf.tensor1d(
            Int32Array.from(train.labels.slice(at, at + batchSize)),
            "int32",
          ),
          10,
        ),
      );
      at = (at + batchSize) % (train.labels.length - batchSize);
      const loss = await model.trainOnBatch(x, y);
      tf.dispose([x, y]);
      return loss;
    },
    forward(pixels) {
      return tf.tidy(() =>
        model
          .predict(tf.tensor4d(pixels, [1, 28, 28, 1], "float32").div(255))
          .dataSync(),
      );
    },
  };
};

globalThis.convnet = async ({ train, batchSize, rate }) => {
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: "input", out_sx: 28, out_sy: 28, out_depth: 1 },
    { type: "conv", sx: 3, filters: 32, stride: 1, pad: 1, activation: "relu" },
    { type: "pool", sx: 2, stride: 2 },
    { type: "conv", sx: 3, filters: 64, stride: 1, pad: 1, activation: "relu" },
    { type: "pool", sx: 2, stride: 2 },
    { type: "fc", num_neurons: 128, activation: "relu" },
    { type: "softmax", num_classes: 10 },
  ]);
  const settings = {
    method: "sgd",
    learning_rate: rate,
    momentum: 0.9,
    batch_size: batchSize,
    l2_decay: 0,
  };
  const trainer = new convnetjs.Trainer(net, settings);
  const size = 28 * 28;
  const volume = (pixels) => {
    const found = new convnetjs.Vol(28, 28, 1, 0);
    for (let i = 0; i < size; i++) found.w[i] = pixels[i] / 255;
    return found;
  };
  let at = 0;
  return {
    step() {
      let loss = 0;
      for (let k = 0; k < batchSize; k++, at = (at + 1) % train.labels.length) {
        loss += trainer.train(
          volume(train.pixels.subarray(at * size, (at + 1) * size)),
          train.labels[at],
        ).loss;
      }
      return loss / batchSize;
    },
    forward: (pixels) => net.forward(volume(pixels)).w,
  };
};

/** Steps for some seconds, after one to warm up: pictures a second, and the last loss. */
globalThis.trained = async (contender, batchSize, seconds) => {
  let loss = await contender.step();
  const began = performance.now();
  let steps = 0;
  while (steps < 1 || performance.now() - began < 1000 * seconds) {
    loss = await contender.step();
    steps++;
  }
  return {
    perSecond: (1000 * steps * batchSize) / (performance.now() - began),
    loss,
  };
};

/** The same of one picture's outputs: milliseconds each. */
globalThis.answered = (contender, pixels, seconds) => {
  for (let k = 0; k < 5; k++) contender.forward(pixels);
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < 1000 * seconds) {
    contender.forward(pixels);
    count++;
  }
  return (performance.now() - began) / count;
};
