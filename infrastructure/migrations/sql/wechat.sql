-- What is remembered of the talk with WeChat and is no fact of the business.
create schema wechat;

-- The very bytes of an attempt's first prepay, sealed (they hold an openid): a repeat
-- with one byte changed would be refused as another order (商户订单号重复).
create table wechat.prepay_bodies (
    out_trade_no text        primary key,
    body         text        not null,
    kept_at      timestamptz not null
);

-- Platform certificates (平台证书) that were downloaded, beside those configured.
create table wechat.platform_certificates (
    serial       text        primary key,
    pem          text        not null,
    effective_at timestamptz not null,
    expires_at   timestamptz not null,
    fetched_at   timestamptz not null
);

-- One row for each app and kind (access_token, jsapi_ticket), locked while it is fetched.
create table wechat.tokens (
    appid      text        not null,
    kind       text        not null,
    value      text        not null,
    expires_at timestamptz not null,
    generation integer     not null,
    primary key (appid, kind)
);

grant usage on schema wechat to APPLICATION;
grant select, insert on wechat.prepay_bodies to APPLICATION;
grant select, insert, update, delete on wechat.platform_certificates, wechat.tokens to APPLICATION;
