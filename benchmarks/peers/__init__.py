"""Dirigent beside other durable engines: the same work, in turns, in one run."""
