"""Yardsticks: what a town could use instead, and what the machine can do, started beside SIGA in the same run."""
