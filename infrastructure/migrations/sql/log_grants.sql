grant usage on schema log to APPLICATION;
grant select, insert on log.events, log.commands, log.unique_claims to APPLICATION;
grant select, insert, delete on log.worker_claims, log.seat_claims, log.seat_capacity to APPLICATION;
grant select, insert, update on log.tracking to APPLICATION;
grant execute on function log.append(json) to APPLICATION;
