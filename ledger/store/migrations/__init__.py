"""Schema revisions of the log, run by alembic; shipped inside the package, so that an installed wheel can upgrade."""
