/**
 * Server-sent events, as the HTML standard parses them (9.2.6): lines end in CR, LF or both, several `data` lines of
 * one event are joined by LF, a line that begins with a colon is a comment, an event that was not ended by an empty
 * line is none. Pieces of text may be cut anywhere.
 */
export class SseParser {
  #rest = "";
  #data = [];
  #type = "";
  #onEvent;
  #begun = false;

  /** `onEvent({ type, data })` is called for each event. */
  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  push(text) {
    if (!this.#begun && text !== "") {
      this.#begun = true;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    const buffered = this.#rest + text;
    let start = 0;
    for (let at = 0; at < buffered.length; at += 1) {
      const character = buffered[at];
      if (character !== "\n" && character !== "\r") continue;
      // The LF of a CRLF may be in the next piece: only then can it be told from an empty line.
      if (character === "\r" && at + 1 === buffered.length) break;
      this.#line(buffered.slice(start, at));
      if (character === "\r" && buffered[at + 1] === "\n") at += 1;
      start = at + 1;
    }
    this.#rest = buffered.slice(start);
  }

  /** The stream is over. A CR that was waited for ends a line; what is left of an event is dropped. */
  end() {
    if (this.#rest.endsWith("\r")) this.#line(this.#rest.slice(0, -1));
    this.#rest = "";
  }

  #line(line) {
    if (line === "") {
      this.#dispatch();
      return;
    }
    if (line.startsWith(":")) return;
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
  }

  #dispatch() {
    const data = this.#data.join("\n");
    const wanted = this.#data.length > 0;
    const type = this.#type || "message";
    this.#data = [];
    this.#type = "";
    if (wanted) this.#onEvent({ type, data });
  }
}
