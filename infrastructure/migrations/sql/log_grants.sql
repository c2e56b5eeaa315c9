grant usage on schema log to APPLICATION;
grant select, insert on log.events, log.commands, log.unique_claims to APPLICATION;
grant select, insert, delete on log.worker_claims, log.seat_claims, log.seat_capacity to APPLICATION;
grant select, insert, update on log.tracking to APPLICATION;
revoke all on all functions in schema log from public;
grant execute on function log.append(json, json, json), log.take_claims(json), log.check_transaction()
    to APPLICATION;
