"""The live stream: Parking's news fanned out to open apps as server-sent events."""
