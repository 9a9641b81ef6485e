"""What would be true on paper: messages, move tables, templates, retries. Nothing else is imported here."""
