#!/bin/sh
# Run once by the postgres image, over an empty volume.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres \
  --set owner_password="$POSTGRES_OWNER_PASSWORD" \
  --set application_password="$POSTGRES_APPLICATION_PASSWORD" \
  --file /setup/database_roles.sql
