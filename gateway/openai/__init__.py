"""The client's side of the wire: OpenAI's requests, answers and chunks."""
