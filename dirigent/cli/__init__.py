"""Open: the command line. It speaks to a running app over HTTP; only `catalogue check` reads files."""
