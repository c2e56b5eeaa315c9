#!/bin/sh
# Run once by the postgres image, over an empty volume.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres \
  --set owner_password="$JIAWU_OWNER_PASSWORD" \
  --set application_password="$JIAWU_APPLICATION_PASSWORD" \
  --file /setup/database_roles.sql
