"""Configuration: read, completed for a demo, refused when it is dangerous."""

import base64
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from interface.database_url import normalised
from interface.demo_secrets import FILE, demo_secrets
from interface.settings import (
    Settings,
    SettingsError,
    in_demo,
    is_simulated,
    key_bytes,
    known_variables,
    load_settings,
)

SECRET = "do-not-show-me"


def settings_from(directory: Path, **variables: str) -> Settings:
    """Settings as a .env file with these variables gives them."""
    file = directory / ".env"
    file.write_text("".join(f"{name}='{value}'\n" for name, value in variables.items()))
    return load_settings(file)


def test_a_file_gives_prefixed_names_and_the_customary_database_name(tmp_path: Path) -> None:
    settings = settings_from(
        tmp_path, JIAWU_PORT="9000", DATABASE_URL="postgresql://app@db.example/jiawu"
    )
    assert settings.port == 9000
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+psycopg2://app@db.example/jiawu"


def test_nothing_configured_means_no_demo_and_the_loopback() -> None:
    settings = load_settings(None)
    assert not settings.demo
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.pay_base_url == "https://api.mch.weixin.qq.com"


def test_no_secret_shows_in_a_repr(tmp_path: Path) -> None:
    shown = repr(
        Settings(
            wechat_secret=SecretStr(SECRET),
            pay_private_key=SecretStr(SECRET),
            pay_apiv3_key=SecretStr(SECRET),
            vault_wrapping_key=SecretStr(SECRET),
            database_url=SecretStr(f"postgresql://app:{SECRET}@db/jiawu"),
        )
    )
    assert SECRET not in shown
    made = demo_secrets(tmp_path)
    assert made.merchant_private_key not in repr(in_demo(Settings(demo=True), made))
    assert made.vault_wrapping_key not in repr(made)


def test_no_secret_shows_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from(tmp_path, DATABASE_URL=f"mysql://app:{SECRET}@db/jiawu")
    assert SECRET not in str(refused.value)
    with pytest.raises(ValidationError) as invalid:
        Settings(database_url=SecretStr(f"mysql://app:{SECRET}@db/jiawu"))
    assert SECRET not in str(invalid.value)


def test_a_misspelt_number_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="port"):
        settings_from(tmp_path, JIAWU_PORT="eight thousand")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "jiawu.example"])  # noqa: S104 - refused
def test_a_demo_is_refused_on_the_network(host: str) -> None:
    with pytest.raises(ValidationError, match="本机地址"):
        Settings(demo=True, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_demo_may_listen_on_the_loopback(host: str) -> None:
    assert Settings(demo=True, host=host).demo


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JIAWU_PAY_MCHID", "1230000109"),
        ("JIAWU_PAY_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----"),
        ("JIAWU_PAY_PRIVATE_KEY_PATH", "/etc/jiawu/key.pem"),
        ("JIAWU_PAY_APIV3_KEY", "0123456789abcdef0123456789abcdef"),
        ("JIAWU_WECHAT_SECRET", "0123456789abcdef"),
    ],
)
def test_a_demo_is_refused_with_a_real_merchants_keys(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match="演示模式"):
        settings_from(
            tmp_path, JIAWU_DEMO="1", JIAWU_STATE_DIRECTORY=str(tmp_path), **{name: value}
        )


@pytest.mark.parametrize(
    "name", ["JIAWU_PAY_BASE_URL", "JIAWU_WECHAT_API_BASE_URL", "JIAWU_WECHAT_OPEN_BASE_URL"]
)
def test_a_demo_talks_to_simulators_whatever_address_is_configured(
    tmp_path: Path, name: str
) -> None:
    variables = {"JIAWU_DEMO": "1", "JIAWU_STATE_DIRECTORY": str(tmp_path)}
    settings = settings_from(tmp_path, **variables, **{name: "https://api.mch.weixin.qq.com"})
    addresses = (
        settings.pay_base_url,
        settings.wechat_api_base_url,
        settings.wechat_open_base_url,
    )
    assert all(is_simulated(address) for address in addresses)


def test_a_demo_makes_its_secrets_once(tmp_path: Path) -> None:
    variables = {"JIAWU_DEMO": "1", "JIAWU_STATE_DIRECTORY": str(tmp_path / "state")}
    first, second = settings_from(tmp_path, **variables), settings_from(tmp_path, **variables)

    assert first == second
    assert first.missing() == ["DATABASE_URL", "JIAWU_PUBLIC_BASE_URL"]
    assert len(key_bytes(first.vault_wrapping_key, "vault")) == 32
    assert len(first.pay_apiv3_key.get_secret_value()) == 32


def test_demo_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    demo_secrets(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_two_demos_have_different_secrets(tmp_path: Path) -> None:
    one, other = demo_secrets(tmp_path / "one"), demo_secrets(tmp_path / "other")
    assert one.vault_wrapping_key != other.vault_wrapping_key
    assert one.merchant_private_key != other.merchant_private_key


def test_a_key_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "merchant.pem").write_text("-----BEGIN PRIVATE KEY----- mine")
    (tmp_path / "wechat.pem").write_text("-----BEGIN PUBLIC KEY----- theirs")
    settings = settings_from(
        tmp_path,
        JIAWU_PAY_PRIVATE_KEY_PATH=str(tmp_path / "merchant.pem"),
        JIAWU_PAY_PLATFORM_KEYS=f'{{"PUB_KEY_ID_1": "{tmp_path / "wechat.pem"}"}}',
    )
    assert settings.merchant_private_key.get_secret_value().endswith("mine")
    assert settings.platform_keys == {"PUB_KEY_ID_1": "-----BEGIN PUBLIC KEY----- theirs"}


def test_a_missing_key_file_is_told_by_its_variable(tmp_path: Path) -> None:
    settings = Settings(pay_private_key_path=tmp_path / "nowhere.pem")
    with pytest.raises(SettingsError, match="JIAWU_PAY_PRIVATE_KEY_PATH"):
        _ = settings.merchant_private_key


@pytest.mark.parametrize(
    "text", ["", "not base64!", base64.b64encode(b"x" * 31).decode(), "x" * 44]
)
def test_a_key_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="JIAWU_VAULT_WRAPPING_KEY"):
        key_bytes(SecretStr(text), "JIAWU_VAULT_WRAPPING_KEY")


def test_what_is_missing_is_told_by_variable() -> None:
    assert "JIAWU_PAY_PRIVATE_KEY" in Settings().missing()
    assert "DATABASE_URL" in Settings().missing()
    assert set(Settings().missing()) <= known_variables()


def test_addresses_derive_from_the_public_one() -> None:
    settings = Settings(public_base_url="https://jiawu.example/")
    assert settings.base_url == "https://jiawu.example"
    assert settings.notify_url.startswith("https://jiawu.example/callbacks/")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_the_scheme_means_psycopg2(scheme: str) -> None:
    url = sa.make_url(normalised(f"{scheme}://app:p%40ss@db:6543/jiawu?sslmode=require"))
    assert url.drivername == "postgresql+psycopg2"
    assert (url.username, url.password, url.host, url.port) == ("app", "p@ss", "db", 6543)
    assert url.query["sslmode"] == "require"


def test_several_hosts_reach_the_driver_with_read_write() -> None:
    engine = sa.create_engine(normalised("postgresql://app:secret@a:5433,b/jiawu"))
    _, arguments = engine.dialect.create_connect_args(engine.url)
    assert arguments["host"] == "a,b"
    assert arguments["port"] == "5433,5432"
    assert arguments["target_session_attrs"] == "read-write"


def test_a_chosen_target_of_several_hosts_is_kept() -> None:
    engine = sa.create_engine(
        normalised("postgresql://app@a,b/jiawu?target_session_attrs=prefer-standby")
    )
    _, arguments = engine.dialect.create_connect_args(engine.url)
    assert arguments["target_session_attrs"] == "prefer-standby"


@pytest.mark.parametrize("url", ["mysql://a/b", "jiawu", "postgresql://a b,c/jiawu"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="数据库地址"):
        normalised(url)
