"""People, roles, permissions, accreditations and sign-in: the only service that knows names."""
