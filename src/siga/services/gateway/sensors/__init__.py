"""The sensors' door: signed requests of devices, checked, stripped of card UIDs and handed to Parking."""
