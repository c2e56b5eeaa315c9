"""The browser that the simulated account sends back twice with one code."""

from tests.infrastructure.simulators.official_account_world import NEW_USER, Simulator


def test_the_browser_is_sent_back_twice_with_one_code_if_asked(simulator: Simulator) -> None:
    once, twice = simulator.authorize().json(), simulator.authorize(twice=True).json()

    assert once["visits"] == [once["url"]]
    assert twice["visits"] == [twice["url"]] * 2


def test_a_switch_sends_every_browser_back_twice(simulator: Simulator) -> None:
    simulator.tell("/_sim/switches", {"double_callback": True})

    assert len(simulator.authorize().json()["visits"]) == 2
    assert 'value="true" checked' in simulator.page().text


def test_the_page_calls_back_as_a_picture_first_and_then_goes_there(simulator: Simulator) -> None:
    page = simulator.choose(NEW_USER, twice="true")

    address = page.text.partition('src="')[2].partition('"')[0]
    assert page.status_code == 200
    assert address.startswith("http://127.0.0.1/callback?from=menu&amp;code=")
    assert f'http-equiv="refresh" content="1; url={address}"' in page.text
    assert "<script" not in page.text
    assert "img-src http: https:" in page.headers["content-security-policy"]


def test_the_box_for_coming_back_twice_is_empty_at_first(simulator: Simulator) -> None:
    assert 'name="twice" value="true">' in simulator.page().text
