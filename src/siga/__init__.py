"""SIGA: reserved parking in public space, from the sensor to the police."""

__version__ = "0.2.0"
