"""A live dashboard for dispy clusters."""
