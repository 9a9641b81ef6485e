"""Dirigent: coordinates agents in durable workflows that end in a result, a partial result or a reason."""

VERSION = "0.1.0"
