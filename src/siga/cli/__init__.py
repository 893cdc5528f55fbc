"""The `siga` command: one file a subject, imported only when asked for."""
