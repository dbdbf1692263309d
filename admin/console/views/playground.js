/** Try a model as a user's key would: with its models, its limits, and at its expense. */

import { createClient, isAbort } from "../api/client.js";
import { inference } from "../api/inference.js";
import { openDialog } from "../dom/dialog.js";
import { fill, freshId, h } from "../dom/element.js";
import { emptyState } from "../dom/feedback.js";
import { copyButton } from "../dom/fields.js";
import { page } from "../dom/page.js";
import { fail } from "../dom/toast.js";
import { composer } from "../playground/composer.js";
import { assistantMessage, userMessage } from "../playground/message.js";
import { Answer, toBody } from "../playground/request.js";
import { settingsPanel } from "../playground/settings.js";
import { API_URL } from "../state/session.js";
import { chatAsCurl, chatAsPython } from "../text/snippets.js";

const FRESH = () => ({ turns: [], settings: { model: "", system: "", temperature: "", maxTokens: "", effort: "" } });

export function playgroundView({ session, directory, signal }) {
  session.playground ??= FRESH();
  const { turns, settings } = session.playground;
  const log = h("div", { class: "conversation", role: "log", "aria-label": "Conversation", tabindex: "0" });
  const panel = settingsPanel(settings);
  let asking = null;
  const input = composer({ onSend: send, onStop: () => asking?.abort() });
  signal.addEventListener("abort", () => asking?.abort());

  function drawLog() {
    fill(log, turns.length ? turns.map((turn) => (turn.role === "user" ? userMessage(turn) : turn.node)) : emptyState("Say something", session.inferenceKey ? "Answers stream in here, with their tokens and what they cost by the list." : "Connect an inference key first: requests run under its models and limits, and are charged to it."));
  }

  const client = () => inference(createClient({ baseUrl: API_URL, credential: session.inferenceKey }));

  /** Whether the message was taken. */
  function send(message) {
    if (!session.inferenceKey || !settings.model) {
      fail(new Error("Connect an inference key and choose a model first."));
      return false;
    }
    const asked = { role: "user", ...message };
    let body;
    try {
      body = toBody(settings, [...turns, asked]);
    } catch (error) {
      fail(error);
      return false;
    }
    turns.push(asked);
    drawLog();
    answer(body, asked);
    return true;
  }

  async function answer(body, asked) {
    const shown = assistantMessage(body.model);
    const got = new Answer();
    log.append(shown.node);
    asking = new AbortController();
    input.setBusy(true);
    const keepUp = () => { log.scrollTop = log.scrollHeight; };
    keepUp();
    try {
      await client().chat(body, { signal: asking.signal, onChunk: (chunk) => {
        shown.add(got.add(chunk));
        keepUp();
      } });
      const prices = await directory.models().catch(() => new Map());
      shown.finish(got, prices.get(body.model)?.price ?? null);
    } catch (error) {
      if (isAbort(error)) shown.stop();
      else shown.fail(error);
    }
    asking = null;
    input.setBusy(false);
    // A conversation that goes on needs both sides: a question without an answer is taken back.
    if (!turns.includes(asked)) return;
    if (got.text) turns.push({ role: "assistant", text: got.text, node: shown.node });
    else turns.splice(turns.indexOf(asked), 1);
    keepUp();
  }

  function clear() {
    asking?.abort();
    turns.splice(0);
    drawLog();
    input.focus();
  }

  function showPrograms() {
    let body;
    try {
      body = toBody(settings, turns.length ? turns.filter((turn) => turn.text || turn.images?.length) : [{ role: "user", text: "Hello!" }]);
    } catch (error) {
      fail(error);
      return;
    }
    const snippet = (title, text) => h("section", { class: "snippet" }, h("header", {}, h("h3", {}, title), copyButton(text, `Copy ${title}`)), h("pre", { tabindex: "0" }, text));
    openDialog({ title: "This conversation as a program", wide: true, build: () => h("div", { class: "dialog-body" }, h("p", {}, "Both read the key from the variable ", h("code", {}, "OPENAI_API_KEY"), "."), snippet("curl", chatAsCurl(API_URL, "$OPENAI_API_KEY", body)), snippet("Python", chatAsPython(API_URL, null, body))) });
  }

  drawLog();
  const connection = connectionForm({ session, client, onModels: (models) => { panel.setModels(models); drawLog(); } });
  return page(
    { title: "Playground", lead: "Requests run under an inference key: its models, its limits, its budget.", actions: [h("button", { type: "button", on: { click: showPrograms } }, "Copy as curl or Python"), h("button", { type: "button", on: { click: clear } }, "Clear")] },
    h("div", { class: "playground" }, h("aside", { class: "card", "aria-label": "Settings" }, connection, panel.node), h("section", { class: "card chat", "aria-label": "Chat" }, log, input.node)),
  );
}

function connectionForm({ session, client, onModels }) {
  const id = freshId("inference-key");
  const input = h("input", { id, type: "password", autocomplete: "off", spellcheck: "false", placeholder: "sk-sluice_…", value: session.inferenceKey });
  const problem = h("div", { class: "form-error", role: "alert" });
  const button = h("button", { type: "submit" }, "Connect");

  async function connect(event) {
    event?.preventDefault();
    fill(problem);
    session.inferenceKey = input.value.trim();
    if (session.inferenceKey === "") return onModels([]);
    button.setAttribute("aria-busy", "true");
    try {
      onModels(await client().models());
    } catch (error) {
      session.inferenceKey = "";
      onModels([]);
      fill(problem, h("p", {}, explain(error)));
    } finally {
      button.removeAttribute("aria-busy");
    }
    return undefined;
  }

  if (session.inferenceKey) connect();
  return h("form", { class: "connection", novalidate: true, on: { submit: connect } }, h("div", { class: "field" }, h("label", { for: id }, "Inference key"), h("div", { class: "inline" }, input, button), h("p", { class: "hint" }, "Kept in this page's memory alone, until you sign out.")), problem);
}

function explain(error) {
  if (error.status === 404) return "This process serves no models: open the console where the gateway's own API is, too.";
  if (error.status === 401) return "This is no valid inference key. Admin keys cannot call models.";
  return error.message;
}
