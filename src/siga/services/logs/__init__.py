"""Logs of all services: taken in without a repeat, searched, followed live, and alarms until somebody saw to them."""
