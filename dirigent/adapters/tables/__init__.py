"""Speaking with Azure Tables."""
