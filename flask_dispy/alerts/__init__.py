"""Tells people and programs what happens: users' callbacks, and messages to webhooks."""
