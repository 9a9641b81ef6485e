"""What the local host costs, question by question; run it with `make bench`."""
