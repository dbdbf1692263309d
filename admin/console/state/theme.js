/** Light or dark: the system's choice until somebody chooses otherwise. The choice lasts as long as the page. */

const ORDER = ["system", "light", "dark"];
let chosen = "system";

export const themeChanged = new EventTarget();

export function currentTheme() {
  return chosen;
}

export function nextTheme() {
  chosen = ORDER[(ORDER.indexOf(chosen) + 1) % ORDER.length];
  document.documentElement.dataset.theme = chosen;
  themeChanged.dispatchEvent(new Event("change"));
  return chosen;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => themeChanged.dispatchEvent(new Event("change")));
