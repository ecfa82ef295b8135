/** A place in an image, in its own coordinates. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Below this scale no text can be read: a part is shown then. */
const readable = 0.8;

/** Moves and scales an image by wheel, dragging and keys. */
export class PanZoom {
  readonly #image: SVGSVGElement;
  readonly #whole: readonly [x: number, y: number, width: number, height: number];
  readonly #ends = new AbortController();
  #dragEnds = new AbortController();
  /** Whether the reader has not taken it over. */
  #follows = true;

  constructor(image: SVGSVGElement) {
    this.#image = image;
    const { x, y, width, height } = image.viewBox.baseVal;
    this.#whole = [x, y, width, height];
    const { signal } = this.#ends;
    image.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    image.addEventListener("pointerdown", (event) => this.#drag(event), { signal });
    signal.addEventListener("abort", () => this.#look(...this.#whole));
    image.addEventListener("dblclick", () => this.zoom(undefined), { signal });
  }

  dispose(): void {
    this.#ends.abort();
    this.#dragEnds.abort();
  }

  /** Shows a part of an image that is too large to be read as a whole. */
  follow({ x, y, width, height }: Box): void {
    const { clientWidth, clientHeight } = this.#image;
    const [wholeX, wholeY, wholeWidth, wholeHeight] = this.#whole;
    const fits = Math.min(clientWidth / wholeWidth, clientHeight / wholeHeight) >= readable;
    if (!this.#follows || fits || clientWidth === 0) return;
    const seen = this.#image.viewBox.baseVal;
    const isSeen =
      seen.width < wholeWidth &&
      x >= seen.x &&
      y >= seen.y &&
      x + width <= seen.x + seen.width &&
      y + height <= seen.y + seen.height;
    if (isSeen) return;
    const partWidth = Math.min(wholeWidth, clientWidth / readable);
    const partHeight = Math.min(wholeHeight, clientHeight / readable);
    const left = wholeX + wholeWidth - partWidth;
    const top = wholeY + wholeHeight - partHeight;
    this.#look(
      Math.max(wholeX, Math.min(x + width / 2 - partWidth / 2, left)),
      Math.max(wholeY, Math.min(y + height / 2 - partHeight / 2, top)),
      partWidth,
      partHeight,
    );
  }

  /** @param factor below 1 is nearer; undefined for the whole */
  zoom(factor: number | undefined, at?: { readonly x: number; readonly y: number }): void {
    this.#follows = false;
    if (factor === undefined) return this.#look(...this.#whole);
    const [, , wholeWidth] = this.#whole;
    const { x, y, width, height } = this.#image.viewBox.baseVal;
    const bounded = Math.min(Math.max(width * factor, wholeWidth / 20), wholeWidth * 2) / width;
    const middle = at ?? { x: x + width / 2, y: y + height / 2 };
    this.#look(
      middle.x - (middle.x - x) * bounded,
      middle.y - (middle.y - y) * bounded,
      width * bounded,
      height * bounded,
    );
  }

  #look(x: number, y: number, width: number, height: number): void {
    this.#image.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const toImage = this.#image.getScreenCTM()?.inverse();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(toImage);
    this.zoom(Math.exp(event.deltaY / 500), at);
  }

  #drag(start: PointerEvent): void {
    const { x, y, width, height } = this.#image.viewBox.baseVal;
    const scale = this.#image.getScreenCTM()?.a ?? 1;
    this.#dragEnds.abort();
    const ends = new AbortController();
    const { signal } = ends;
    this.#dragEnds = ends;
    const move = (event: PointerEvent) => {
      this.#follows = false;
      const dx = (event.clientX - start.clientX) / scale;
      const dy = (event.clientY - start.clientY) / scale;
      this.#look(x - dx, y - dy, width, height);
    };
    addEventListener("pointermove", move, { signal });
    addEventListener("pointerup", () => ends.abort(), { signal });
  }
}
