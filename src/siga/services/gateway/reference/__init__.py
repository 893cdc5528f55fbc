"""The reference: one OpenAPI document of all services, and pages to read it."""
