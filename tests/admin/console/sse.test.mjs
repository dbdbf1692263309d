import assert from "node:assert/strict";
import { test } from "node:test";

import { SseParser } from "../../../admin/console/stream/sse.js";

function parse(pieces) {
  const events = [];
  const parser = new SseParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return events.map((event) => (event.type === "message" ? event.data : [event.type, event.data]));
}

const STREAM = "\uFEFF: keep-alive\r\n\r\ndata: {\"a\":1}\r\n\r\ndata:two\rdata:  lines\r\revent: error\ndata: x\n\n\ndata: [DONE]\n\n";
const EVENTS = ['{"a":1}', "two\n lines", ["error", "x"], "[DONE]"];

test("all line ends, comments, several data lines and types are understood", () => {
  assert.deepEqual(parse([STREAM]), EVENTS);
});

test("a stream is read alike wherever it is cut", () => {
  for (let cut = 0; cut <= STREAM.length; cut += 1) {
    assert.deepEqual(parse([STREAM.slice(0, cut), STREAM.slice(cut)]), EVENTS, String(cut));
  }
  assert.deepEqual(parse(Array.from(STREAM)), EVENTS);
});

test("an event that was not ended is none", () => {
  assert.deepEqual(parse(["data: whole\n\ndata: cut"]), ["whole"]);
  assert.deepEqual(parse(["data: whole\n\ndata: cut\n"]), ["whole"]);
});

test("a stream that ends in a CR has ended its last line", () => {
  assert.deepEqual(parse(["data: x\r", "\r"]), ["x"]);
});

test("empty data is an event, no data is none", () => {
  assert.deepEqual(parse(["data\n\n", "event: ping\n\n", "id: 1\nretry: 5\n\n"]), [""]);
});
