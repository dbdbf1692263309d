/** The data plane, as a user's key sees it. */

import { ApiError } from "./client.js";
import { SseParser } from "../stream/sse.js";

export function inference(client) {
  return {
    models: async (signal) => (await client.get("/models", { signal })).body.data,

    /**
     * Streams a chat. `onChunk` is called with each of OpenAI's chunks. Resolves to the answer's request id when the
     * stream is over; throws ApiError for a refusal, and for an error or a cut inside the stream.
     */
    async chat(body, { signal, onChunk }) {
      const response = await client.open("POST", "/chat/completions", { body, signal });
      const requestId = response.headers.get("x-request-id");
      let failure = null;
      let finished = false;
      const parser = new SseParser(({ data }) => {
        if (data === "[DONE]") {
          finished = true;
          return;
        }
        const chunk = JSON.parse(data);
        if (chunk.error) failure ??= new ApiError(response.status, chunk.error, requestId);
        else onChunk(chunk);
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          parser.push(value);
        }
      } catch (error) {
        if (signal.aborted) throw error;
        throw new ApiError(0, { message: "The connection broke off before the answer was whole." }, requestId);
      }
      parser.end();
      if (failure) throw failure;
      if (!finished) throw new ApiError(0, { message: "The stream ended before the answer was whole." }, requestId);
      return requestId;
    },
  };
}
