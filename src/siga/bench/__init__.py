"""Benchmarks: load generators and yardsticks that speak to a started SIGA through its doors alone."""
