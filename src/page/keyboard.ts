/** What keys do; the help of the page is made of it. */
export interface KeyAction {
  readonly keys: readonly string[];
  readonly does: string;
  readonly run: () => void;
}

/** Runs an action when one of its keys is pressed outside of a text field. */
export function onKeys(actions: readonly KeyAction[]): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target instanceof HTMLInputElement;
    if (isTyping && event.key !== "Escape") return;
    const action = actions.find(({ keys }) => keys.includes(event.key));
    if (action === undefined) return;
    event.preventDefault();
    action.run();
  });
}
