import { styleText } from "node:util";
import { own } from "../../model/value/own.ts";

type Style = "green" | "red" | "yellow" | "blue" | "dim" | "bold";

const styles: Readonly<Record<string, Style>> = {
  established: "green",
  ready: "green",
  rekeying: "blue",
  negotiating: "yellow",
  configuring: "yellow",
  pending: "dim",
  absent: "dim",
  terminating: "dim",
  failed: "red",
  degraded: "red",
};

/** A state in the colour of its meaning, if the output supports colours and NO_COLOR is not set. */
export function styledState(state: string, text = state): string {
  const style = own(styles, state);
  return style === undefined ? text : styled(style, text);
}

/** A text in a style, if the output supports it. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
