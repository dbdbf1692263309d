/** Where the console begins: a session, a shell, and the view that the address names. */

import { closeDialogs } from "./dom/dialog.js";
import { fill, h } from "./dom/element.js";
import { emptyState } from "./dom/feedback.js";
import { page } from "./dom/page.js";
import { clearToasts, installToasts } from "./dom/toast.js";
import { createShell, themeButton } from "./shell.js";
import { Directory } from "./state/directory.js";
import { go, parseHash, toHash } from "./state/router.js";
import { Session } from "./state/session.js";
import { auditView } from "./views/audit.js";
import { keyView } from "./views/key.js";
import { keysView } from "./views/keys.js";
import { modelsView } from "./views/models.js";
import { overviewView } from "./views/overview.js";
import { playgroundView } from "./views/playground.js";
import { signInView } from "./views/sign_in.js";
import { tenantView } from "./views/tenant.js";
import { tenantsView } from "./views/tenants.js";
import { usageView } from "./views/usage.js";

const VIEWS = { overview: overviewView, tenants: tenantsView, keys: keysView, usage: usageView, audit: auditView, models: modelsView, playground: playgroundView };

const root = document.getElementById("app");
const session = new Session();
const directory = new Directory(session);
let shell = null;
let leaving = new AbortController();

function viewOf(path) {
  if (path[0] === "tenants" && path[2] === "keys" && path[3]) return keyView;
  if (path[0] === "tenants" && path[1]) return tenantView;
  return path.length === 1 ? VIEWS[path[0]] : undefined;
}

function notFound() {
  return page({ title: "Nothing is here" }, emptyState("There is no such page", "The link may be of another version of the console.", h("a", { class: "button", href: toHash(["overview"]) }, "Go to the overview")));
}

/** Shows the view that the address names. What the former one still waited for is given up. */
function show({ focus = true } = {}) {
  leaving.abort();
  leaving = new AbortController();
  if (session.api === null) return;
  const { path, query } = parseHash(location.hash);
  if (path.length === 0) {
    go(["overview"]);
    return;
  }
  shell.setPlace(path[0]);
  const context = { session, directory, path, query, signal: leaving.signal, refresh: () => show({ focus: false }) };
  fill(shell.main, (viewOf(path) ?? notFound)(context));
  if (focus) scrollTo(0, 0);
  settle(shell.main, focus, leaving.signal);
}

/** Once the view has its heading, it names the document, and takes the focus: from a link that was followed, or where a
 * button that was pressed is gone; never from where somebody has moved on to. */
function settle(main, focus, signal) {
  const heading = main.querySelector("h1");
  if (heading) {
    document.title = `${heading.textContent} · Sluice`;
    if (focus || document.activeElement === document.body) heading.focus({ preventScroll: true });
    return;
  }
  const watching = new MutationObserver(() => {
    if (!main.querySelector("h1")) return;
    watching.disconnect();
    settle(main, false, signal);
  });
  watching.observe(main, { childList: true, subtree: true });
  signal.addEventListener("abort", () => watching.disconnect());
}

function showSignIn(notice = "") {
  leaving.abort();
  shell = null;
  closeDialogs();
  clearToasts();
  document.title = "Sign in · Sluice";
  fill(root, h("div", { class: "corner" }, themeButton()), signInView({ session, notice }));
  root.querySelector("input").focus();
}

session.addEventListener("signedin", () => {
  shell = createShell(session);
  fill(root, shell.node);
  show();
});
session.addEventListener("signedout", (event) => showSignIn(event.detail));
addEventListener("hashchange", () => show());
// A link to #main would be an address of the console.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  root.querySelector("h1")?.focus();
});
installToasts();
showSignIn();
