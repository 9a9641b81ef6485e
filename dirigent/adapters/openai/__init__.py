"""Speaking OpenAI's protocol."""
