"""The use cases of Users: one method for each thing one can ask. No HTTP words, no SQL words."""
