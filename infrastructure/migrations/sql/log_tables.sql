create schema log;

create table log.events (
    position    bigint      primary key,
    stream_id   uuid        not null,
    version     integer     not null,
    name        text        not null,
    state       text        not null,
    recorded_at timestamptz not null,
    command_id  uuid,
    actor       text        not null,
    unique (stream_id, version)
);

-- A seat-belt, not tamper evidence: a superuser can switch triggers off.
create function log.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log is append-only: % refused', tg_op using errcode = 'JW002';
end
$$;

create trigger events_are_append_only
    before update or delete or truncate on log.events
    for each statement execute function log.refuse_change();

create table log.commands (
    id       uuid   primary key,
    body_mac text   not null,
    position bigint not null,
    answer   text   not null
);

create trigger commands_are_append_only
    before update or delete or truncate on log.commands
    for each statement execute function log.refuse_change();

create table log.unique_claims (
    kind text not null,
    key  text not null,
    primary key (kind, key)
);

-- Range types only, because the embedded server has no btree_gist.
create table log.worker_claims (
    id     uuid      primary key,
    worker int4range not null,
    during tstzrange not null,
    constraint a_worker_is_in_one_place exclude using gist (worker with &&, during with &&)
);

create table log.seat_capacity (
    pool  text    not null,
    area  text    not null,
    day   date    not null,
    slot  integer not null,
    seats integer not null check (seats >= 0),
    primary key (pool, area, day, slot)
);

create table log.seat_claims (
    id    uuid    not null,
    pool  text    not null,
    area  text    not null,
    day   date    not null,
    slot  integer not null,
    seats integer not null check (seats > 0),
    primary key (pool, area, day, slot, id)
);
create index seat_claims_by_id on log.seat_claims (id);

-- Positions of policies: how far each has read the log.
create table log.tracking (
    application_name text   primary key,
    notification_id  bigint not null
);
