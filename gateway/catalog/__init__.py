"""Which models exist, what they can do: data, and `resolve()` from the name a client sent to a Model."""
