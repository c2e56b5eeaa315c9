-- One member's claims, taken and released in the order its events named them.
-- A claim that cannot be met raises JW001 with the claim's name.
create or replace function log.take_claims(claims json) returns void language plpgsql as $$
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
        when 'release_unique' then
            delete from log.unique_claims where kind = c->>'kind' and key = c->>'key';
        when 'unchanged' then
            if exists (select from log.events where stream_id = (c->>'stream')::uuid
                       and version > (c->>'version')::int)
            then
                raise exception 'unchanged:%', c->>'stream' using errcode = 'JW001';
            end if;
        when 'take_worker' then
            insert into log.worker_claims (id, worker, during)
            values ((c->>'id')::uuid,
                    int4range((c->>'worker')::int, (c->>'worker')::int, '[]'),
                    tstzrange((c->>'from')::timestamptz, (c->>'to')::timestamptz, '[)'))
                on conflict do nothing;
            if not found then
                raise exception 'worker:%', c->>'worker' using errcode = 'JW001';
            end if;
        when 'release_worker' then
            delete from log.worker_claims where id = (c->>'id')::uuid;
        when 'take_seats' then
            insert into log.seat_claims (id, pool, area, day, slot, seats)
            values ((c->>'id')::uuid, c->>'pool', c->>'area', (c->>'day')::date,
                    (c->>'slot')::int, (c->>'seats')::int)
                on conflict do nothing;
            if not found or
               (select sum(seats) from log.seat_claims
                where pool = c->>'pool' and area = c->>'area'
                  and day = (c->>'day')::date and slot = (c->>'slot')::int)
               > coalesce((select seats + shifts from log.seat_capacity
                where pool = c->>'pool' and area = c->>'area'
                  and day = (c->>'day')::date and slot = (c->>'slot')::int), 0)
            then
                raise exception 'seats:%/%/%/%', c->>'pool', c->>'area', c->>'day', c->>'slot'
                    using errcode = 'JW001';
            end if;
        when 'release_seats' then
            delete from log.seat_claims where id = (c->>'id')::uuid;
        when 'take_place' then
            insert into log.place_claims (kind, holder, place, id)
            select c->>'kind', c->>'holder', free.place, (c->>'id')::uuid
            from generate_series(1, (c->>'most')::int) as free(place)
            where not exists (select from log.place_claims as taken
                              where taken.kind = c->>'kind' and taken.holder = c->>'holder'
                                and taken.place = free.place)
            order by free.place limit 1
                on conflict do nothing;
            if not found then
                raise exception '%:%', c->>'kind', c->>'holder' using errcode = 'JW001';
            end if;
        when 'release_place' then
            delete from log.place_claims where id = (c->>'id')::uuid;
        when 'set_capacity' then
            insert into log.seat_capacity as planned (pool, area, day, slot, seats)
            values (c->>'pool', c->>'area', (c->>'day')::date, (c->>'slot')::int,
                    (c->>'seats')::int)
                on conflict (pool, area, day, slot) do update set seats = excluded.seats;
        when 'add_seats' then
            insert into log.seat_capacity as planned (pool, area, day, slot, seats, shifts)
            select c->>'pool', c->>'area', (c->>'day')::date, slot, 0, (c->>'seats')::int
            from generate_series((c->>'first')::int, (c->>'end')::int - 1) as slot
                on conflict (pool, area, day, slot)
                do update set shifts = planned.shifts + excluded.shifts;
        when 'remove_seats' then
            update log.seat_capacity set shifts = shifts - (c->>'seats')::int
            where pool = c->>'pool' and area = c->>'area' and day = (c->>'day')::date
              and slot >= (c->>'first')::int and slot < (c->>'end')::int;
        end case;
    end loop;
end
$$;
