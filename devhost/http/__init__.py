"""Answers HTTP: the app's routes, the management API and the host's own pages."""
