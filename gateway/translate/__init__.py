"""OpenAI to Bedrock and back, one module per direction: values in, values out, no I/O."""
