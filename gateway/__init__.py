"""The data plane: the OpenAI-compatible proxy. `app.py`: how it is put together; `routes/chat.py`: what a chat is."""
