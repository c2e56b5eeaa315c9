-- An outer identity is free again once its customer is erased. All other unique claims
-- (order numbers, numbers of payments) are taken for ever, whoever asks.
create function log.keep_claim() returns trigger language plpgsql as $$
begin
    if old.kind <> 'external_identity' then
        raise exception 'a % is taken for ever', old.kind using errcode = 'JW002';
    end if;
    return old;
end
$$;
revoke all on function log.keep_claim() from public;

create trigger only_identities_are_released
    before delete on log.unique_claims
    for each row execute function log.keep_claim();
grant delete on log.unique_claims to APPLICATION;

-- Under which wrapping key a data key lies: the first digits of that key's SHA-256;
-- '' for keys of a time when there was only one.
alter table vault.keys add column wrapped_by text not null default '';
grant update (wrapped_by) on vault.keys to APPLICATION;

-- Who was erased: nothing is ever sealed for them again.
create table vault.erased_owners (
    owner     uuid        primary key,
    erased_at timestamptz not null
);
grant select, insert on vault.erased_owners to APPLICATION;

-- A raw notice names its payer, sealed with the merchant's own APIv3 key, so it goes
-- with its customer. '' where it cannot be read, and of notices from before.
alter table callbacks.notices add column out_trade_no text not null default '';
create index notices_of_an_attempt on callbacks.notices (out_trade_no) where out_trade_no <> '';
create index notices_age on callbacks.notices (received_at);
grant delete on callbacks.notices to APPLICATION;
