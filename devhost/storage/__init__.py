"""Keeps the host's state in one SQLite file."""
