-- Who was shown whose contact in clear (查看记录). No personal data stands here: ids and words only.
create table access.disclosures (
    position    bigint      generated always as identity primary key,
    id          uuid        not null unique,
    at          timestamptz not null,
    actor       text        not null check (actor <> ''),
    what        text        not null,
    order_id    uuid,
    customer_id uuid,
    worker_id   uuid,
    reason      text        not null check (reason ~ '^[a-z][a-z0-9_]{0,49}$'),
    constraint it_says_whose check (
        case what
            when 'order_contact' then num_nonnulls(order_id, customer_id) = 2 and worker_id is null
            when 'worker_contact' then num_nulls(order_id, customer_id) = 2 and worker_id is not null
            else false
        end
    )
);

create function access.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'disclosures are append-only: % refused', tg_op using errcode = 'JW002';
end
$$;
revoke all on function access.refuse_change() from public;

create trigger disclosures_are_append_only
    before update or delete or truncate on access.disclosures
    for each statement execute function access.refuse_change();

grant select, insert on access.disclosures to APPLICATION;
