"""Payloads of bay sensors, each format a pure function pinned to model and firmware."""
