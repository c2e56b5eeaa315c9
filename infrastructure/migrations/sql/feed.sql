create schema feed;

-- What stopped a projection or policy; gone when it goes on.
create table feed.failures (
    name        text        primary key,
    position    bigint      not null,
    event       text        not null,
    error       text        not null,
    traceback   text        not null,
    attempts    integer     not null,
    failed_at   timestamptz not null,
    next_try_at timestamptz not null
);

create schema outbox;

create table outbox.errands (
    id             uuid        primary key,
    position       bigint      not null,
    recipient      text        not null,
    channel        text        not null,
    template       text        not null,
    request_number text        not null,
    payload        text        not null,
    created_at     timestamptz not null,
    next_try_at    timestamptz not null,
    attempts       integer     not null,
    done_at        timestamptz,
    last_error     text        not null,
    unique (position, recipient, channel, template)
);
create index errands_waiting on outbox.errands (next_try_at) where done_at is null;

-- The raw notice is kept before it is interpreted; its body is WeChat's ciphertext.
create schema callbacks;

create table callbacks.notices (
    id          uuid        primary key,
    received_at timestamptz not null,
    headers     text        not null,
    body        bytea       not null
);

grant usage on schema feed, outbox, callbacks to APPLICATION;
grant select, insert, update, delete on feed.failures to APPLICATION;
grant select, insert, update on outbox.errands to APPLICATION;
grant select, insert on callbacks.notices to APPLICATION;

-- Projections make schemas of their own, and rebuild into shadow schemas beside them.
do $$ begin
    execute format('grant create on database %I to %I', current_database(), 'APPLICATION_NAME');
end $$;
