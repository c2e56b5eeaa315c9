create schema deadlines;

-- A command that falls due: the event that set it stands at `position`, 0 for routines.
create table deadlines.deadlines (
    id          uuid        primary key,
    position    bigint      not null,
    name        text        not null,
    subject     text        not null,
    payload     text        not null,
    created_at  timestamptz not null,
    next_try_at timestamptz not null,
    attempts    integer     not null,
    done_at     timestamptz,
    last_error  text        not null,
    unique (position, name, subject)
);
create index deadlines_waiting on deadlines.deadlines (next_try_at) where done_at is null;

grant usage on schema deadlines to APPLICATION;
grant select, insert, update on deadlines.deadlines to APPLICATION;
