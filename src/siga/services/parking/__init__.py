"""Bays, zones, rules, devices and their live state: the fast one."""
