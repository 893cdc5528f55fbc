"""What keeps an installation going: its folder, backups, restores, upgrades, and the doctor."""
