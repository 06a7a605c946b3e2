"""Run by Alembic: the connection comes from `reperage.service.database.engine`, never from a file."""

from alembic import context

from reperage.service.database.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
