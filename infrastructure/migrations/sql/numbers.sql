create schema numbers;

create table numbers.counters (
    name text   primary key,
    last bigint not null
);

grant usage on schema numbers to APPLICATION;
grant select, insert, update on numbers.counters to APPLICATION;
