/** What is around every view: navigation, who is signed in, theme, sign out. */

import { h } from "./dom/element.js";
import { icon } from "./dom/icons.js";
import { roleName } from "./state/abilities.js";
import { toHash } from "./state/router.js";
import { currentTheme, nextTheme } from "./state/theme.js";
import { middleCut } from "./text/search.js";

const PLACES = [
  ["overview", "Overview"],
  ["tenants", "Tenants"],
  ["keys", "Keys"],
  ["usage", "Usage"],
  ["audit", "Audit trail"],
  ["models", "Models"],
  ["playground", "Playground"],
];
const THEMES = { system: ["system", "System theme"], light: ["sun", "Light theme"], dark: ["moon", "Dark theme"] };

export function themeButton() {
  const button = h("button", { type: "button", class: "bare theme" });
  const draw = () => {
    const [name, text] = THEMES[currentTheme()];
    button.replaceChildren(icon(name));
    button.setAttribute("aria-label", `${text}. Change it`);
    button.title = text;
  };
  button.addEventListener("click", () => {
    nextTheme();
    draw();
  });
  draw();
  return button;
}

/** `main` is where views go; `setPlace(name)` marks where one is. */
export function createShell(session) {
  const places = PLACES.filter(([name]) => name !== "audit" || session.abilities.oversee);
  const links = new Map(places.map(([name, text]) => [name, h("a", { href: toHash([name]) }, icon(name), h("span", {}, text))]));
  const main = h("main", { id: "main" });
  const { actor } = session;
  const name = actor.name || actor.user_id || actor.id || "Administrator";
  const who = h("div", { class: "who" }, h("span", { class: "clip", title: name }, middleCut(name, 40)), h("span", { class: "sub" }, roleName(actor)));
  const signOut = h("button", { type: "button", class: "bare", "aria-label": "Sign out", title: "Sign out", on: { click: () => session.signOut() } }, icon("signOut"));
  const node = h(
    "div",
    { class: "shell" },
    h(
      "header",
      { class: "side" },
      h("a", { class: "brand", href: toHash(["overview"]), "aria-label": "Sluice, overview" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Sluice"),
      h("nav", { "aria-label": "Main" }, [...links.values()]),
      h("div", { class: "side-foot" }, who, themeButton(), signOut),
    ),
    main,
  );
  const setPlace = (place) => links.forEach((link, each) => {
    if (each === place) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  return { node, main, setPlace };
}
