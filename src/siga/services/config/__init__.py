"""Live settings: values by municipality, their revisions and authors, and who has them in force."""
