"""Signing in with a token, in a browser."""

from __future__ import annotations

import httpx
import pytest

from monitor.conftest import Visit
from support.monitor import BASE, Page

HTML = {"accept": "text/html,*/*"}


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit(auth="secret")


def cookies(answer: httpx.Response) -> list[str]:
    return answer.headers.get_list("set-cookie")


async def test_a_link_signs_in_once(page: Page) -> None:
    answer = await page.get("/?token=secret")
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    (cookie,) = cookies(answer)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "secret" not in cookie
    assert (await page.read("/api/session"))["viewer"] == "token"


async def test_a_link_from_elsewhere_signs_in_by_a_page_of_our_own(page: Page) -> None:
    answer = await page.get("/?token=secret", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text
    assert (await page.read("/api/session"))["viewer"] == "token"


async def test_the_rest_of_a_link_stays(page: Page) -> None:
    answer = await page.get("/api/jobs?status=failed&token=secret&limit=3")
    assert answer.headers["location"] == "?status=failed&limit=3"


async def test_a_wrong_link_signs_nobody_in(page: Page) -> None:
    answer = await page.get("/?token=wrong", headers=HTML)
    assert (answer.status_code, cookies(answer)) == (401, [])
    assert (await page.get("/api/session")).status_code == 401


async def test_a_browser_is_asked(page: Page) -> None:
    answer = await page.get("/", headers=HTML)
    assert answer.status_code == 401
    assert '<form method="post" action="login">' in answer.text
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    for token, status in (("wrong", 401), ("secret", 303)):
        answer = await page.http.post("/login", data={"token": token}, headers={"origin": BASE})
        assert answer.status_code == status
    assert (await page.read("/api/session"))["viewer"] == "token"


async def test_a_foreign_page_signs_nobody_in(page: Page) -> None:
    headers = {"origin": "https://evil.example"}
    answer = await page.http.post("/login", data={"token": "secret"}, headers=headers)
    assert (answer.status_code, cookies(answer)) == (403, [])


async def test_a_program_is_not_shown_a_page(page: Page) -> None:
    answer = await page.get("/", headers={"accept": "*/*"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_monitors_of_two_tokens_share_a_browser(visit: Visit) -> None:
    one, other = visit(auth="one"), visit(auth="other")
    (first,), (second,) = (
        cookies(await one.get("/?token=one")),
        cookies(await other.get("/?token=other")),
    )
    names = {cookie.partition("=")[0] for cookie in (first, second)}
    assert len(names) == 2


async def test_a_cookie_is_for_the_place_where_it_is_mounted(page: Page) -> None:
    async def mounted(scope, receive, send):  # type: ignore[no-untyped-def]
        await page.application({**scope, "root_path": "/jobs"}, receive, send)

    transport = httpx.ASGITransport(mounted, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://example.org") as http:
        (cookie,) = cookies(await http.get("/jobs/?token=secret"))
    assert "Path=/jobs/" in cookie
    assert "Secure" in cookie


@pytest.mark.parametrize(
    ("headers", "secure"), [({}, False), ({"x-forwarded-proto": "https"}, True)]
)
async def test_a_proxy_may_speak_https(page: Page, headers: dict[str, str], secure: bool) -> None:
    (cookie,) = cookies(await page.get("/?token=secret", headers=headers))
    assert ("Secure" in cookie) is secure
