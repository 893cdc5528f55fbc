"""Prometheus counters every service shares; `/metrics` of the users' door shows them."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("siga_requests_total", "Requests by service, route and status", ["service", "route", "status"])
REQUEST_S = Histogram(
    "siga_request_seconds", "Time to answer, by service and route", ["service", "route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
PROBLEMS = Counter("siga_problems_total", "Refusals by service and problem", ["service", "slug"])
REPORTS = Counter("siga_reports_total", "Device reports by what became of them", ["status"])
DEVICE_REFUSALS = Counter(
    "siga_device_refusals_total",
    "Refused requests at the sensors' door by reason: signature, stale, key_ended, replayed, per_minute, per_day, "
    "at_once, address", ["reason"],
)  # fmt: skip
LORAWAN_UPLINKS = Counter("siga_lorawan_uplinks_total", "LoRaWAN frames by what became of them", ["outcome"])
DROPPED_LOGS = Counter("siga_log_records_dropped_total", "Log records dropped because the queue was full")
LIVE_CLIENTS = Gauge("siga_live_clients", "Open live streams")
LIVE_DROPPED = Counter("siga_live_clients_dropped_total", "Live streams ended because the client did not read")
JOBS = Gauge("siga_jobs", "Photo jobs by state", ["state"])
