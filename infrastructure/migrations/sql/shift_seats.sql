-- What shifts (班次) add to the seats that the office planned by hand.
alter table log.seat_capacity
    add column shifts integer not null default 0,
    add constraint shifts_give_seats check (shifts >= 0);

grant update on log.seat_capacity to APPLICATION;
