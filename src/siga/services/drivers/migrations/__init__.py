"""How the store of this service came to its present shape, one revision a file."""
