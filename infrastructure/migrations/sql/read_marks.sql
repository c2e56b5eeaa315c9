-- How far customer and office have read each thread of messages (已读). Beside the log, as it is
-- no fact that anybody decides by; ids, numbers and instants only, no personal data.
create schema messages;

create table messages.read_marks (
    thread_id      uuid        not null,
    side           text        not null check (side in ('customer', 'staff')),
    message_number integer     not null check (message_number > 0),
    by             text        not null check (by <> ''),
    at             timestamptz not null,
    primary key (thread_id, side)
);

grant usage on schema messages to APPLICATION;
grant select, insert, update on messages.read_marks to APPLICATION;
