"""Every change of every bay, the stays folded from them, figures, imports and receipts; it forgets who had parked."""
