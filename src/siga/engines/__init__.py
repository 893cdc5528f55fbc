"""What stands behind the doors of `siga.ports`: one file an engine, chosen in `system.py` and nowhere else."""
