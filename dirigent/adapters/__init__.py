"""One module for each thing outside: each fills a port, and none knows another."""
