-- At most so many at a time, e.g. three unpaid orders of a customer: numbered places.
create table log.place_claims (
    kind   text    not null,
    holder text    not null,
    place  integer not null check (place between 1 and case kind when 'open_hold' then 3 end),
    id     uuid    not null unique,
    primary key (kind, holder, place)
);

grant select, insert, delete on log.place_claims to APPLICATION;
