"""Plays the Functions worker: loads the app, checks it as the real worker does, and runs its functions."""
