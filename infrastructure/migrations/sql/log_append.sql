-- Raises JW003 where an append would come too late in its transaction.
create function log.check_transaction() returns void language plpgsql as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        -- A frozen snapshot would check against the past.
        raise exception 'append needs READ COMMITTED' using errcode = 'JW003';
    end if;
    -- Whoever waits for the log's lock with rows locked deadlocks with its holder.
    if exists (select from pg_locks where pid = pg_backend_pid()
               and locktype = 'relation' and mode <> 'AccessShareLock')
       and not exists (select from pg_locks where pid = pg_backend_pid()
               and locktype = 'advisory' and granted
               and classid = 20811 and objid = 1 and objsubid = 2)
    then
        raise exception 'append must come first in its transaction' using errcode = 'JW003';
    end if;
end
$$;

-- Append a batch of members, each = events + command + claims, all or nothing by member.
--   new_events:   [{m,s,v,n,t,r,c,a}]   m member, s stream, v version, n name, t state,
--                                       r recorded_at, c command id, a actor
--   new_commands: [{m,id,mac,answer,e}] e how many events stand in the batch up to it
--   new_claims:   [{m,k:[claim]}]       the last two null where there are none
-- Returns JSON: [position before the batch] and, where members were left out, a list of them:
-- [m,"known",position,mac,answer] | [m,"conflict"] | [m,"refused",claim]. The events of all
-- others stand behind that position, in the order given.
--
-- Keys are looked up by scalar sub-selects, one index probe each: a join with the batch
-- would be planned for a hundred rows and scan whole tables.
create function log.append(new_events json, new_commands json, new_claims json)
returns text language plpgsql as $$
#variable_conflict use_column
declare
    left_out int[]  := '{}';
    told     json[] := '{}';
    missing  int[]  := '{}';
    taken    int[];
    base     bigint;
    known    record;
    claiming record;
begin
    -- No row is locked without a transaction id; looking for that first is cheap.
    if pg_current_xact_id_if_assigned() is not null
       or current_setting('transaction_isolation') <> 'read committed'
    then
        perform log.check_transaction();
    end if;
    -- Lock first, then look: each statement below takes its snapshot after the lock.
    perform pg_advisory_xact_lock(20811, 1);

    if new_commands is not null then
        for known in
            select x.m, k.* from json_to_recordset(new_commands) as x(m int, id uuid)
            cross join lateral (select * from log.commands where id = x.id limit 1) as k
        loop
            left_out := left_out || known.m;
            told := told || json_build_array(known.m, 'known', known.position,
                                             known.body_mac, known.answer);
        end loop;
    end if;

    taken := array(select m from json_to_recordset(new_events) as x(m int, s uuid, v int)
                   where m <> all(left_out) and
                         (select true from log.events where stream_id = x.s and version = x.v));
    if taken <> '{}' then
        left_out := left_out || taken;
        told := told || array(select json_build_array(m, 'conflict') from unnest(taken) as m);
    end if;

    if new_claims is not null then
        for claiming in select x.m, x.k from json_to_recordset(new_claims) as x(m int, k json)
                        where x.m <> all(left_out)
        loop
            begin
                perform log.take_claims(claiming.k);
            exception when sqlstate 'JW001' then
                left_out := left_out || claiming.m;
                told := told || json_build_array(claiming.m, 'refused', sqlerrm);
            end;
        end loop;
    end if;

    base := coalesce((select max(position) from log.events), 0);
    insert into log.events
        (position, stream_id, version, name, state, recorded_at, command_id, actor)
    select base + row_number() over (), s, v, n, t, r, c, a
    from json_to_recordset(new_events) as x(m int, s uuid, v int, n text, t text,
                                            r timestamptz, c uuid, a text)
    where m <> all(left_out);

    if new_commands is not null then
        if left_out <> '{}' then
            missing := array(select m from json_to_recordset(new_events) as x(m int)
                             where m = any(left_out));
        end if;
        insert into log.commands (id, body_mac, position, answer)
        select id, mac, base + e - (select count(*) from unnest(missing) as g where g < m), answer
        from json_to_recordset(new_commands) as x(m int, id uuid, mac text, e int, answer text)
        where m <> all(left_out);
    end if;

    if left_out = '{}' then
        return '[' || base || ']';
    end if;
    return json_build_array(base, to_json(told))::text;
end
$$;
