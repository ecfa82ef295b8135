import { byId, html } from "./elements.ts";
import { listen } from "./message-stream.ts";
import { onKeys, type KeyAction } from "./keyboard.ts";
import { Page } from "./page.ts";
import { restoreTheme, switchTheme } from "./theme.ts";
import { toneOf } from "./tone.ts";

restoreTheme();
const page = new Page();
const search = byId("search") as HTMLInputElement;
const help = byId("help") as HTMLDialogElement;

search.addEventListener("input", () => page.search(search.value));
byId("pause").addEventListener("click", () => page.pause());
byId("theme").addEventListener("click", switchTheme);
byId("keys").addEventListener("click", () => help.showModal());

const actions: KeyAction[] = [
  { keys: ["/"], does: "search", run: () => search.focus() },
  { keys: ["Escape"], does: "leave the search, and empty it", run: leaveSearch },
  { keys: ["j", "ArrowDown"], does: "next actor", run: () => page.step(1) },
  { keys: ["k", "ArrowUp"], does: "previous actor", run: () => page.step(-1) },
  {
    keys: ["f"],
    does: "next actor that has failed",
    run: () => page.step(1, ({ state }) => toneOf(state) === "bad"),
  },
  { keys: ["p"], does: "pause, go on", run: () => page.pause() },
  { keys: ["+"], does: "the chart nearer", run: () => page.zoom(0.8) },
  { keys: ["-"], does: "the chart farther", run: () => page.zoom(1.25) },
  { keys: ["0"], does: "the whole chart", run: () => page.zoom(undefined) },
  { keys: ["t"], does: "dark, light", run: switchTheme },
  { keys: ["?"], does: "this", run: () => help.showModal() },
];
onKeys(actions);
byId("key-list").append(
  ...actions.flatMap(({ keys, does }) => [
    html("dt", {}, ...keys.map((key) => html("kbd", {}, key))),
    html("dd", {}, does),
  ]),
);

listen({
  begun: () => page.begin(),
  took: (events) => page.take(events),
  lost: () => page.lose(),
});

function leaveSearch(): void {
  search.value = "";
  page.search("");
  search.blur();
}
