"""Small helpers without opinions about parking: errors, tokens, clocks, ids, journals, logging, children."""
