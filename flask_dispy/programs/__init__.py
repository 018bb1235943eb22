"""dispy's own programs, with patches."""
