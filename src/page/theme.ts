const key = "ipman-theme";

/** Applies the theme that was chosen before; without one, the system's theme applies. */
export function restoreTheme(): void {
  const chosen = localStorage.getItem(key);
  if (chosen !== null) document.documentElement.dataset["theme"] = chosen;
}

/** Switches between the light and the dark theme, and remembers the choice. */
export function switchTheme(): void {
  const { dataset } = document.documentElement;
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = dataset["theme"] ?? (isDark ? "dark" : "light");
  dataset["theme"] = now === "dark" ? "light" : "dark";
  localStorage.setItem(key, dataset["theme"]);
}
