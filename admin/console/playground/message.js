/** One message of the conversation, and an answer while it comes. Text is text: no markup is read in it. */

import { h } from "../dom/element.js";
import { copyButton } from "../dom/fields.js";
import { costOf, formatPico } from "../text/money.js";
import { formatCount } from "../text/numbers.js";

export function userMessage({ text, images }) {
  const pictures = images.map((url) => h("img", { src: url, alt: "Attached image" }));
  return h("article", { class: "message user", "aria-label": "You" }, pictures.length ? h("div", { class: "pictures" }, pictures) : null, h("div", { class: "text" }, text));
}

/** An answer that grows. `add(delta)` as it streams; one of `finish`, `stop` and `fail` at its end. */
export function assistantMessage(model) {
  const text = document.createTextNode("");
  const thought = document.createTextNode("");
  const reasoning = h("details", { class: "reasoning", hidden: true }, h("summary", {}, "Reasoning"), h("div", { class: "text" }, thought));
  const waiting = h("span", { class: "waiting", "aria-label": "Waiting for the answer" });
  const foot = h("footer", {});
  const node = h("article", { class: "message assistant", "aria-label": "Assistant", "aria-busy": "true" }, h("header", { class: "muted" }, model), reasoning, h("div", { class: "text" }, text, waiting), foot);

  function end(...notes) {
    waiting.remove();
    node.setAttribute("aria-busy", "false");
    foot.replaceChildren(...notes);
  }

  return {
    node,
    add(delta) {
      text.appendData(delta.text);
      thought.appendData(delta.reasoning);
      if (thought.length) reasoning.hidden = false;
    },
    finish(answer, price) {
      const notes = [usageNote(answer, price)];
      if (answer.finishReason === "length") notes.push(h("span", { class: "badge warn" }, "cut by the limit of tokens"));
      if (answer.finishReason === "content_filter") notes.push(h("span", { class: "badge warn" }, "filtered by a guardrail"));
      end(...notes, copyButton(answer.text, "Copy"));
    },
    stop() {
      end(h("span", { class: "badge off" }, "stopped"), h("span", { class: "muted" }, "What was used until then is on the ledger."));
    },
    fail(error) {
      const request = error.requestId ? h("span", { class: "muted" }, " Request ", h("code", {}, error.requestId)) : null;
      end(h("div", { class: "form-error", role: "alert" }, h("p", {}, error.message, request)));
    },
  };
}

function usageNote({ usage }, price) {
  if (usage === null) return h("span", { class: "muted" }, "No count of tokens came.");
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const parts = [`${formatCount(usage.prompt_tokens)} in`, cached ? `${formatCount(cached)} of them cached` : null, `${formatCount(usage.completion_tokens)} out`];
  const cost = costOf(price, usage);
  parts.push(cost === null ? "price not known" : formatPico(cost));
  return h("span", { class: "muted usage", "data-testid": "usage" }, parts.filter(Boolean).join(" · "));
}
