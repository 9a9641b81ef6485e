"""A development host for Python Durable Functions apps, started with `python -m devhost`."""
