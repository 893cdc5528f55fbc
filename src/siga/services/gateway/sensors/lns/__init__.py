"""LoRaWAN network servers at the sensors' door: their envelopes, their secrets, and the sensors' payloads."""
