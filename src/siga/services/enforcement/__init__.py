"""Cases, evidence and the police's queue: what is suspected, and what an officer decides."""
