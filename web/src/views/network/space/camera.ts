/** A camera that turns around a point: matrices, column by column as WebGL takes them. */

export type Matrix = Float32Array;
export type Vector = readonly [number, number, number];

export interface Camera {
  /** Radians around the upright axis, and above the ground. */
  yaw: number;
  pitch: number;
  distance: number;
  target: Vector;
}

const ANGLE = 0.6; // radians of the whole view, upright
const FLATTEST = 0.05;

export function multiply(a: Matrix, b: Matrix): Matrix {
  const found = new Float32Array(16);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[4 * k + row] * b[4 * column + k];
      found[4 * column + row] = sum;
    }
  }
  return found;
}

/** Where the camera stands, and its axes: right, up, and backwards. */
function axes({ yaw, pitch, distance, target }: Camera): [Vector, Vector, Vector, Vector] {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const back: Vector = [sy * cp, sp, cy * cp];
  const right: Vector = [cy, 0, -sy];
  const up: Vector = [-sy * sp, cp, -cy * sp];
  const eye = target.map((t, k) => t + distance * back[k]) as unknown as Vector;
  return [eye, right, up, back];
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** From places in space to those of the view, −1 to 1. */
export function projection(camera: Camera, aspect: number): Matrix {
  const [eye, right, up, back] = axes(camera);
  const view = new Float32Array(16);
  [right, up, back].forEach((axis, row) => {
    axis.forEach((value, column) => (view[4 * column + row] = value));
    view[12 + row] = -dot(axis, eye);
  });
  view[15] = 1;
  const [near, far] = [camera.distance / 50, camera.distance * 10];
  const f = 1 / Math.tan(ANGLE / 2);
  const flat = new Float32Array(16);
  flat[0] = f / aspect;
  flat[5] = f;
  flat[10] = (far + near) / (near - far);
  flat[11] = -1;
  flat[14] = (2 * far * near) / (near - far);
  return multiply(flat, view);
}

/** A place in space as the view shows it: x and y from −1 to 1, and whether it is before us. */
export function project(matrix: Matrix, [x, y, z]: Vector): [number, number, boolean] {
  const at = [0, 1, 3].map(
    (row) => matrix[row] * x + matrix[4 + row] * y + matrix[8 + row] * z + matrix[12 + row],
  );
  return [at[0] / at[2], at[1] / at[2], at[2] > 0];
}

/** The line of sight through a point of the view: from where, and which way. */
export function ray(camera: Camera, aspect: number, x: number, y: number): [Vector, Vector] {
  const [eye, right, up, back] = axes(camera);
  const size = Math.tan(ANGLE / 2);
  const way = back.map(
    (b, k) => -b + right[k] * x * size * aspect + up[k] * y * size,
  ) as unknown as Vector;
  return [eye, way];
}

/** The camera, turned; never from below the ground, nor over the top. */
export function turned(camera: Camera, yaw: number, pitch: number): Camera {
  const tilted = Math.max(FLATTEST, Math.min(Math.PI / 2 - FLATTEST, camera.pitch + pitch));
  return { ...camera, yaw: camera.yaw + yaw, pitch: tilted };
}

export function zoomed(camera: Camera, factor: number): Camera {
  return { ...camera, distance: Math.max(0.5, Math.min(60, camera.distance * factor)) };
}

/** Where to stand to see a body of that radius whole. */
export function around(target: Vector, radius: number, aspect: number): Camera {
  const distance = radius / Math.sin(ANGLE / 2) / Math.min(1, aspect);
  return { yaw: -0.4, pitch: 0.4, distance, target };
}
