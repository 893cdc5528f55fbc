"""What one can ask of Drivers: one class for each subject, no HTTP words, no SQL words."""
