-- Pictures from outside (照片), sealed under their customer's key; no clear picture lies here.
create schema uploads;

create table uploads.pictures (
    id          text        primary key check (id ~ '^[0-9a-f]{64}$'),
    owner       uuid        not null,
    media_type  text        not null check (media_type = 'image/jpeg'),
    width       integer     not null check (width between 1 and 2048),
    height      integer     not null check (height between 1 and 2048),
    byte_size   integer     not null check (byte_size > 0),
    uploaded_at timestamptz not null,
    uploaded_by text        not null check (uploaded_by <> ''),
    command_id  uuid        not null unique,
    body_mac    text        not null,
    sealed      bytea       not null
);

-- Ciphertext does not compress.
alter table uploads.pictures alter column sealed set storage external;

create index pictures_of_owner_by_body on uploads.pictures (owner, body_mac);
create index pictures_of_owner_by_actor on uploads.pictures (owner, uploaded_by, uploaded_at);

-- No UPDATE and no DELETE: erasing destroys the key in the vault.
grant usage on schema uploads to APPLICATION;
grant select, insert on uploads.pictures to APPLICATION;
