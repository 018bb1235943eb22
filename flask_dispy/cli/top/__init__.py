"""The live view of a dashboard in a terminal, which ``flask-dispy top`` shows."""
