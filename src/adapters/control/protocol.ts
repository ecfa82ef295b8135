import { fromJson, toJson } from "../../model/value/json.ts";

/** A request on the control socket, in one line. */
export interface ControlRequest {
  readonly op: string;
  readonly [parameter: string]: unknown;
}

/** One line of the answer: one of its results, or the error that ends it. */
export type ControlReply = { readonly result: unknown } | { readonly error: string };

export function encodeLine(value: ControlRequest | ControlReply): string {
  return `${toJson(value)}\n`;
}

/** Splits a stream of text into lines and decodes each. */
export class LineDecoder {
  #rest = "";

  push(chunk: string): unknown[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() as string;
    return lines.filter((line) => line !== "").map(fromJson);
  }
}
