/** An action with its keys; the help lists all of them. */
export interface KeyAction {
  readonly keys: readonly string[];
  readonly does: string;
  readonly run: () => void;
}

const storageKey = "ipman-single-keys";

/** Elements with keys of their own: a letter typed there is not a shortcut. */
const withOwnKeys = "input, select, textarea, button, dialog";
/** Escape leaves these by itself; from a button it reaches the page. */
const withOwnEscape = "input, select, textarea, dialog";

/** Runs the action of each key that is not meant for the focused element. */
export function onKeys(actions: readonly KeyAction[]): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!isForPage(event)) return;
    const action = actions.find(({ keys }) => keys.includes(event.key));
    if (action === undefined) return;
    event.preventDefault();
    action.run();
  });
}

/** Whether shortcuts of a single character are on; a reader can switch them off. */
export function areSingleKeysOn(): boolean {
  return localStorage.getItem(storageKey) !== "off";
}

export function switchSingleKeys(isOn: boolean): void {
  localStorage.setItem(storageKey, isOn ? "on" : "off");
}

function isForPage({ key, target }: KeyboardEvent): boolean {
  const focused = target as Element;
  if (document.querySelector("dialog[open]") !== null) return false;
  if (key === "Escape") return focused.closest(withOwnEscape) === null;
  if (focused.closest(withOwnKeys) !== null) return false;
  // Arrow keys scroll a focused part of the page.
  if (key.length > 1) return focused === document.body;
  return areSingleKeysOn();
}
