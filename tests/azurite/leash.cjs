// Loaded before Azurite: whoever started it holds its standard input, and it ends with that, however that ends.
process.stdin.on("end", () => process.exit(0)).resume();
