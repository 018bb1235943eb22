"""Passes events on to people and programs: users' callbacks, and messages to webhooks."""
