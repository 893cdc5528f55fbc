"""Drivers: favourites, check-ins, doubts, ratings and reports, of people signed in and of guests."""
