-- The two roles and the database on a PostgreSQL (15 or newer) of your own. As a superuser:
--   psql -v owner_password=… -v application_password=… -f setup/database_roles.sql
-- Afterwards `jiawu migrate` makes the tables and grants the application role its rights.
\set ON_ERROR_STOP on
CREATE ROLE jiawu_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE jiawu_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'application_password';
CREATE DATABASE jiawu OWNER jiawu_owner TEMPLATE template0
  ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';
REVOKE ALL ON DATABASE jiawu FROM PUBLIC;
GRANT CONNECT ON DATABASE jiawu TO jiawu_app;
