import { byId, html } from "./elements.ts";
import { areSingleKeysOn, onKeys, switchSingleKeys, type KeyAction } from "./keyboard.ts";
import { openMessageStream } from "./message-stream.ts";
import { Page } from "./page.ts";
import { restoreTheme, switchTheme } from "./theme.ts";
import { toneOf } from "./tone.ts";

restoreTheme();
const page = new Page();
const search = byId("search") as HTMLInputElement;
const help = byId("help") as HTMLDialogElement;
const singleKeys = byId("single-keys") as HTMLInputElement;

search.addEventListener("input", () => page.search(search.value));
search.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") leaveSearch();
});
byId("pause").addEventListener("click", () => page.pause());
byId("theme").addEventListener("click", switchTheme);
byId("keys").addEventListener("click", () => help.showModal());
singleKeys.checked = areSingleKeysOn();
singleKeys.addEventListener("change", () => switchSingleKeys(singleKeys.checked));

const actions: KeyAction[] = [
  { keys: ["/"], does: "search; Escape leaves and clears it", run: () => search.focus() },
  { keys: ["j", "ArrowDown"], does: "next actor", run: () => page.step(1) },
  { keys: ["k", "ArrowUp"], does: "previous actor", run: () => page.step(-1) },
  {
    keys: ["f"],
    does: "next actor that has failed",
    run: () => page.step(1, ({ shown }) => toneOf(shown) === "bad"),
  },
  { keys: ["o"], does: "open the whole chart, or close it", run: () => page.toggleInside() },
  { keys: ["Escape"], does: "close the whole chart", run: () => page.closeInside() },
  { keys: ["p"], does: "pause, or continue", run: () => page.pause() },
  { keys: ["+"], does: "zoom in", run: () => page.zoom(0.8) },
  { keys: ["-"], does: "zoom out", run: () => page.zoom(1.25) },
  { keys: ["0"], does: "show the whole chart", run: () => page.zoom(undefined) },
  { keys: ["t"], does: "dark or light theme", run: switchTheme },
  { keys: ["?"], does: "this help", run: () => help.showModal() },
];
const inTree: readonly Omit<KeyAction, "run">[] = [
  { keys: ["↑", "↓", "Home", "End"], does: "in the tree: move" },
  { keys: ["←", "→"], does: "in the tree: to the parent, to the first child" },
  { keys: ["Enter"], does: "in the tree: open the whole chart, or close it" },
];
onKeys(actions);
byId("key-list").append(
  ...[...actions, ...inTree].flatMap(({ keys, does }) => [
    html("dt", {}, ...keys.map((key) => html("kbd", {}, key))),
    html("dd", {}, does),
  ]),
);

openMessageStream({
  opened: () => page.connected(),
  received: (messages) => page.receive(messages),
  lost: () => page.disconnected(),
});

function leaveSearch(): void {
  search.value = "";
  page.search("");
  search.blur();
}
