/** A part of an image, in the image's coordinates. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Texts below this scale cannot be read: only a part is shown then. */
const readableScale = 0.8;

/** Moves and scales an image by wheel, drag and keys. */
export class PanZoom {
  readonly #image: SVGSVGElement;
  readonly #whole: readonly [x: number, y: number, width: number, height: number];
  readonly #ends = new AbortController();
  #dragEnds = new AbortController();
  /** False after the reader has moved or scaled the image. */
  #isAutomatic = true;

  constructor(image: SVGSVGElement) {
    this.#image = image;
    const { x, y, width, height } = image.viewBox.baseVal;
    this.#whole = [x, y, width, height];
    const { signal } = this.#ends;
    image.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    image.addEventListener("pointerdown", (event) => this.#drag(event), { signal });
    signal.addEventListener("abort", () => this.#setView(...this.#whole));
    image.addEventListener("dblclick", () => this.zoom(undefined), { signal });
  }

  dispose(): void {
    this.#ends.abort();
    this.#dragEnds.abort();
  }

  /** Brings a part into view if the image is too large to be read as a whole. */
  follow({ x, y, width, height }: Box): void {
    const { clientWidth, clientHeight } = this.#image;
    const [wholeX, wholeY, wholeWidth, wholeHeight] = this.#whole;
    const fits = Math.min(clientWidth / wholeWidth, clientHeight / wholeHeight) >= readableScale;
    if (!this.#isAutomatic || fits || clientWidth === 0) return;
    const view = this.#image.viewBox.baseVal;
    const isVisible =
      view.width < wholeWidth &&
      x >= view.x &&
      y >= view.y &&
      x + width <= view.x + view.width &&
      y + height <= view.y + view.height;
    if (isVisible) return;
    const partWidth = Math.min(wholeWidth, clientWidth / readableScale);
    const partHeight = Math.min(wholeHeight, clientHeight / readableScale);
    const left = wholeX + wholeWidth - partWidth;
    const top = wholeY + wholeHeight - partHeight;
    this.#setView(
      Math.max(wholeX, Math.min(x + width / 2 - partWidth / 2, left)),
      Math.max(wholeY, Math.min(y + height / 2 - partHeight / 2, top)),
      partWidth,
      partHeight,
    );
  }

  /** @param factor below 1 zooms in; undefined shows the whole image */
  zoom(factor: number | undefined, at?: { readonly x: number; readonly y: number }): void {
    this.#isAutomatic = false;
    if (factor === undefined) return this.#setView(...this.#whole);
    const [, , wholeWidth] = this.#whole;
    const { x, y, width, height } = this.#image.viewBox.baseVal;
    const bounded = Math.min(Math.max(width * factor, wholeWidth / 20), wholeWidth * 2) / width;
    const middle = at ?? { x: x + width / 2, y: y + height / 2 };
    this.#setView(
      middle.x - (middle.x - x) * bounded,
      middle.y - (middle.y - y) * bounded,
      width * bounded,
      height * bounded,
    );
  }

  #setView(x: number, y: number, width: number, height: number): void {
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
      this.#isAutomatic = false;
      const dx = (event.clientX - start.clientX) / scale;
      const dy = (event.clientY - start.clientY) / scale;
      this.#setView(x - dx, y - dy, width, height);
    };
    addEventListener("pointermove", move, { signal });
    addEventListener("pointerup", () => ends.abort(), { signal });
  }
}
