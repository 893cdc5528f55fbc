"""The single entry point: users' door, sensors' door, sessions, live stream, pages."""
