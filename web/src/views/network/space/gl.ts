/** The little of WebGL 2 that planes with pictures and lines need. */

import type { Matrix, Vector } from "./camera";

const PLANE = `#version 300 es
in vec2 corner;
uniform mat4 view;
uniform vec2 half_size;
uniform float height;
out vec2 place;
void main() {
  place = corner;
  vec2 at = (corner * 2.0 - 1.0) * half_size;
  gl_Position = view * vec4(at.x, height, at.y, 1.0);
}`;
const PICTURE = `#version 300 es
precision mediump float;
in vec2 place;
uniform sampler2D picture;
uniform vec3 ground;
out vec4 colour;
void main() {
  vec4 own = texture(picture, place);
  colour = vec4(own.rgb + ground * (1.0 - own.a), 1.0); // its colours come times their opacity
}`;
const LINE = `#version 300 es
in vec3 corner;
uniform mat4 view;
void main() {
  gl_Position = view * vec4(corner, 1.0);
  gl_Position.z -= 0.0005 * gl_Position.w; // before the plane that it lies in
}`;
const PLAIN = `#version 300 es
precision mediump float;
uniform vec3 ink;
out vec4 colour;
void main() { colour = vec4(ink, 1.0); }`;

export type Colour = readonly [number, number, number];

function program(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getProgramInfoLog(made) ?? "");
  }
  return made;
}

export class Painter {
  private readonly planes: WebGLProgram;
  private readonly strokes: WebGLProgram;
  private readonly square: WebGLBuffer;
  private readonly ends: WebGLBuffer;
  private readonly pictures = new Map<string, WebGLTexture>();

  private constructor(private readonly gl: WebGL2RenderingContext) {
    this.planes = program(gl, PLANE, PICTURE);
    this.strokes = program(gl, LINE, PLAIN);
    this.square = gl.createBuffer();
    this.ends = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.square);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
  }

  /** None where the browser has no WebGL 2. */
  static on(canvas: HTMLCanvasElement): Painter | null {
    const gl = canvas.getContext("webgl2", { antialias: true });
    return gl && new Painter(gl);
  }

  begin(ground: Colour): void {
    const { gl } = this;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(...ground, 1);
    gl.enable(gl.DEPTH_TEST);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  /** Take what a canvas shows as a plane's picture. */
  setPicture(name: string, canvas: HTMLCanvasElement): void {
    const { gl } = this;
    let texture = this.pictures.get(name);
    if (!texture) this.pictures.set(name, (texture = gl.createTexture()));
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, canvas);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Forget the pictures of planes that are no longer there. */
  keep(names: ReadonlySet<string>): void {
    for (const [name, texture] of this.pictures) {
      if (names.has(name)) continue;
      this.gl.deleteTexture(texture);
      this.pictures.delete(name);
    }
  }

  plane(
    view: Matrix,
    name: string,
    height: number,
    half: readonly [number, number],
    ground: Colour,
  ): void {
    const { gl, planes } = this;
    const texture = this.pictures.get(name);
    if (!texture) return;
    gl.useProgram(planes);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.uniformMatrix4fv(gl.getUniformLocation(planes, "view"), false, view);
    gl.uniform2f(gl.getUniformLocation(planes, "half_size"), ...half);
    gl.uniform1f(gl.getUniformLocation(planes, "height"), height);
    gl.uniform3f(gl.getUniformLocation(planes, "ground"), ...ground);
    this.draw(planes, this.square, 2, gl.TRIANGLE_STRIP, 4);
  }

  lines(view: Matrix, ends: readonly Vector[], ink: Colour): void {
    if (ends.length === 0) return;
    const { gl, strokes } = this;
    gl.useProgram(strokes);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.ends);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(ends.flat()), gl.DYNAMIC_DRAW);
    gl.uniformMatrix4fv(gl.getUniformLocation(strokes, "view"), false, view);
    gl.uniform3f(gl.getUniformLocation(strokes, "ink"), ...ink);
    this.draw(strokes, this.ends, 3, gl.LINES, ends.length);
  }

  private draw(
    own: WebGLProgram,
    buffer: WebGLBuffer,
    size: number,
    mode: number,
    count: number,
  ): void {
    const { gl } = this;
    const place = gl.getAttribLocation(own, "corner");
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
    gl.drawArrays(mode, 0, count);
  }
}
