import { fromJson, toJson } from "../../model/value/json.ts";

/** A request on the control socket: one line. */
export interface ControlRequest {
  readonly op: string;
  readonly [parameter: string]: unknown;
}

/** One line of the answer: a result, of which there may be many, or the error that ends it. */
export type ControlReply = { readonly result: unknown } | { readonly error: string };

export function encodeLine(value: ControlRequest | ControlReply): string {
  return `${toJson(value)}\n`;
}

/** Cuts a stream of text into the values of its lines. */
export class LineDecoder {
  #rest = "";

  push(chunk: string): unknown[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() as string;
    return lines.filter((line) => line !== "").map(fromJson);
  }
}
