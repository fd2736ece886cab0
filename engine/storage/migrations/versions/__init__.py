"""One file a migration, named for what it does."""
