"""Every change of every bay, the stays folded from them, statistics, imports and receipts; it forgets who had parked."""
