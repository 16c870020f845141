"""Django's PostgreSQL backend that starts the embedded server with its first connection, so that
commands which need no database start nothing."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError

from embedded_postgres.server import EmbeddedPostgres


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        server = EmbeddedPostgres(self.settings_dict["EMBEDDED_HOME"])
        server.use()
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            if server.is_running():
                raise
            server.start()
            return super().get_new_connection(conn_params)
