"""Frozen structs and pure rules of Users: no await, no clock, no store."""
