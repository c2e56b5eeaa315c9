-- One member's claims, taken and released in the order its events named them.
-- A claim that cannot be met raises JW001 with the claim's name.
create function log.take_claims(claims json) returns void language plpgsql as $$
declare
    c json;
begin
    for c in select value from json_array_elements(claims) loop
        case c->>'do'
        when 'take_unique' then
            insert into log.unique_claims (kind, key) values (c->>'kind', c->>'key')
                on conflict do nothing;
            if not found then
                raise exception '%:%', c->>'kind', c->>'key' using errcode = 'JW001';
            end if;
        when 'take_worker' then
            begin
                insert into log.worker_claims (id, worker, during)
                values ((c->>'id')::uuid,
                        int4range((c->>'worker')::int, (c->>'worker')::int, '[]'),
                        tstzrange((c->>'from')::timestamptz, (c->>'to')::timestamptz, '[)'));
            exception when exclusion_violation or unique_violation then
                raise exception 'worker:%', c->>'worker' using errcode = 'JW001';
            end;
        when 'release_worker' then
            delete from log.worker_claims where id = (c->>'id')::uuid;
        when 'take_seats' then
            insert into log.seat_claims (id, pool, area, day, slot, seats)
            values ((c->>'id')::uuid, c->>'pool', c->>'area', (c->>'day')::date,
                    (c->>'slot')::int, (c->>'seats')::int);
            if (select sum(seats) from log.seat_claims
                where pool = c->>'pool' and area = c->>'area'
                  and day = (c->>'day')::date and slot = (c->>'slot')::int)
               > coalesce((select seats from log.seat_capacity
                where pool = c->>'pool' and area = c->>'area'
                  and day = (c->>'day')::date and slot = (c->>'slot')::int), 0)
            then
                raise exception 'seats:%/%/%/%', c->>'pool', c->>'area', c->>'day', c->>'slot'
                    using errcode = 'JW001';
            end if;
        when 'release_seats' then
            delete from log.seat_claims where id = (c->>'id')::uuid;
        when 'set_capacity' then
            delete from log.seat_capacity
            where pool = c->>'pool' and area = c->>'area'
              and day = (c->>'day')::date and slot = (c->>'slot')::int;
            insert into log.seat_capacity (pool, area, day, slot, seats)
            values (c->>'pool', c->>'area', (c->>'day')::date, (c->>'slot')::int,
                    (c->>'seats')::int);
        end case;
    end loop;
end
$$;

-- Append a batch of members, each = events + command + claims, all or nothing by member.
--   batch: {"e": [{m,s,v,n,t,r,c,a}], "c": [{m,id,mac,answer}], "k": [{m,k:[claim]}]}
--   m member, s stream, v version, n name, t state, r recorded_at, c command id, a actor
-- Returns one row per member left out: known (with the stored command) | conflict |
-- refused (with the claim's name); and last a row without member: the position before the
-- batch. The events of all other members stand behind it, in the order given.
--
-- Keys are looked up by scalar sub-selects, one index probe each: a join with the batch
-- would be planned for a hundred rows and scan whole tables.
create function log.append(batch json)
returns table (member int, outcome text, at_position bigint, body_mac text, detail text)
language plpgsql as $$
#variable_conflict use_column
declare
    members  json := batch->'e';
    asked    json := batch->'c';
    wanted   json := batch->'k';
    taken    int[];
    left_out int[] := '{}';
    base     bigint;
    claiming record;
begin
    if pg_current_xact_id_if_assigned() is not null and not exists (
        select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
        and classid = 20811 and objid = 1 and objsubid = 2 and granted)
    then
        -- Whoever waits for the log's lock with rows locked deadlocks with the leader.
        raise exception 'append must come first in its transaction' using errcode = 'JW003';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        -- A frozen snapshot would check against the past.
        raise exception 'append needs READ COMMITTED' using errcode = 'JW003';
    end if;

    -- Lock first, then look: each statement below takes its snapshot after the lock.
    perform pg_advisory_xact_lock(20811, 1);

    if asked is not null then
        return query
            select x.m, 'known', k.position, k.body_mac, k.answer
            from json_to_recordset(asked) as x(m int, id uuid)
            cross join lateral (select * from log.commands where id = x.id limit 1) as k;
        if found then
            left_out := array(select x.m from json_to_recordset(asked) as x(m int, id uuid)
                              where (select true from log.commands where id = x.id));
        end if;
    end if;

    taken := array(select distinct x.m
                   from json_to_recordset(members) as x(m int, s uuid, v int)
                   where not x.m = any(left_out) and
                         (select true from log.events where stream_id = x.s and version = x.v));
    if taken <> '{}' then
        return query
            select t, 'conflict', null::bigint, null::text, null::text from unnest(taken) as t;
        left_out := left_out || taken;
    end if;

    if wanted is not null then
        for claiming in select x.m, x.k from json_to_recordset(wanted) as x(m int, k json)
                        where not x.m = any(left_out)
        loop
            begin
                perform log.take_claims(claiming.k);
            exception when sqlstate 'JW001' then
                return query
                    select claiming.m, 'refused', null::bigint, null::text, sqlerrm;
                left_out := left_out || claiming.m;
            end;
        end loop;
    end if;

    base := coalesce((select max(position) from log.events), 0);
    insert into log.events
        (position, stream_id, version, name, state, recorded_at, command_id, actor)
    select base + row_number() over (), s, v, n, t, r, c, a
    from json_to_recordset(members) as x(m int, s uuid, v int, n text, t text,
                                         r timestamptz, c uuid, a text)
    where not m = any(left_out);

    if asked is not null then
        insert into log.commands (id, body_mac, position, answer)
        select x.id, x.mac,
               coalesce((select max(position) from log.events
                         where position > base and command_id = x.id), base),
               x.answer
        from json_to_recordset(asked) as x(m int, id uuid, mac text, answer text)
        where not x.m = any(left_out);
    end if;

    return query select null::int, 'base', base, null::text, null::text;
end
$$;
