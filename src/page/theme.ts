const key = "ipman-theme";

/** As the reader's system has it, or as was chosen here. */
export function restoreTheme(): void {
  const chosen = localStorage.getItem(key);
  if (chosen !== null) document.documentElement.dataset["theme"] = chosen;
}

export function switchTheme(): void {
  const { dataset } = document.documentElement;
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = dataset["theme"] ?? (isDark ? "dark" : "light");
  dataset["theme"] = now === "dark" ? "light" : "dark";
  localStorage.setItem(key, dataset["theme"]);
}
