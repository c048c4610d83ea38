"""Nobody gets in who may not, by any path and with any method."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from monitor.conftest import Visit
from steve import Job, Jobs, OptionError, OptionTypeError
from steve.monitor import Viewer
from support.monitor import BASE, Page, problem

JSON = {"content-type": "application/json"}


async def ways(page: Page) -> list[tuple[str, str]]:
    """Every path with every method that it is described with, and what is beside the API."""
    described = (await page.read("/openapi.json"))["paths"]
    uid = str(uuid.uuid4())
    found = [
        (method.upper(), path.replace("{uid}", uid))
        for path, methods in described.items()
        for method in methods
    ]
    assert len(found) >= 20
    return [*found, ("GET", "/"), ("GET", "/openapi.json"), ("GET", "/assets/x.js")]


def basic(user: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {text}"}


async def statuses(page: Page, other: Page, **headers: str) -> dict[tuple[str, str], int]:
    """How every way answers to this request, on a page whose description another one gives."""
    found: dict[tuple[str, str], int] = {}
    for method, path in await ways(other):
        if not (path.endswith("/events")):
            answer = await page.http.request(method, path, headers=headers)
            found[method, path] = answer.status_code
    return found


@pytest.mark.parametrize(
    ("headers", "client", "options", "status"),
    [
        ({"host": "evil.example"}, "127.0.0.1", {}, 403),
        ({"host": "localhost.evil.example:8585"}, "127.0.0.1", {}, 403),
        ({"host": "127.0.0.1.evil.example"}, "127.0.0.1", {}, 403),
        ({"host": "a b"}, "127.0.0.1", {}, 400),
        ({"host": ""}, "127.0.0.1", {}, 400),
        ({}, "10.1.2.3", {}, 403),
        ({}, "::ffff:10.1.2.3", {}, 403),
        ({"x-forwarded-for": "127.0.0.1"}, "127.0.0.1", {}, 403),
        ({"forwarded": "for=127.0.0.1"}, "127.0.0.1", {}, 403),
        ({"via": "1.1 proxy"}, "127.0.0.1", {}, 403),
        ({}, "127.0.0.1", {"auth": "secret"}, 401),
        ({"authorization": "Bearer wrong"}, "127.0.0.1", {"auth": "secret"}, 401),
        ({"authorization": "Bearer "}, "127.0.0.1", {"auth": "secret"}, 401),
        ({"cookie": "steve_session_00000000=x"}, "127.0.0.1", {"auth": "secret"}, 401),
        ({}, "127.0.0.1", {"auth": ("ada", "secret")}, 401),
        (basic("ada", "wrong"), "127.0.0.1", {"auth": ("ada", "secret")}, 401),
        ({"authorization": "Basic !"}, "127.0.0.1", {"auth": ("ada", "secret")}, 401),
        ({}, "127.0.0.1", {"auth": lambda _: None}, 401),
        ({"host": "other.org"}, "127.0.0.1", {"auth": "secret", "hosts": ["jobs.org"]}, 403),
    ],
)
async def test_nothing_is_answered_to_strangers(
    visit: Visit, headers: dict[str, str], client: str, options: dict[str, Any], status: int
) -> None:
    page = visit(actions=True, client=client, **options)
    found = await statuses(page, visit(), **headers, **JSON)
    assert {way: each for way, each in found.items() if each != status} == {}


async def test_the_stream_of_events_is_not_for_strangers(visit: Visit) -> None:
    assert (await visit(auth="secret").get("/api/events")).status_code == 401
    assert (await visit(client="10.0.0.1").get("/api/events")).status_code == 403


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1:1", "127.8.8.8", "[::1]:8585", "[::1]", "LOCALHOST:9", "a.localhost"],
)
async def test_this_machine_has_several_names(visit: Visit, host: str) -> None:
    answer = await visit().get("/api/session", headers={"host": host})
    assert answer.status_code == 200


async def test_hosts_are_allowed_by_name_and_by_port(visit: Visit) -> None:
    page = visit(hosts=["jobs.example.org", "[fd00::1]:8585"])
    for host, status in {
        "jobs.example.org": 200,
        "jobs.example.org.:80": 200,
        "JOBS.example.org:8585": 200,
        "[fd00::1]:8585": 200,
        "[fd00::1]:80": 403,
        "example.org": 403,
    }.items():
        assert (await page.get("/api/session", headers={"host": host})).status_code == status


async def test_anybody_may_see_that_it_lives(visit: Visit) -> None:
    page = visit(auth="secret", hosts=["jobs.example.org"], client="10.0.0.1")
    answer = await page.get("/healthz", headers={"host": "10.0.0.2:8585"})
    assert (answer.status_code, answer.text) == (200, "alive\n")


@pytest.mark.parametrize(
    ("auth", "headers", "name"),
    [
        (None, {}, "local"),
        ("secret", {"authorization": "Bearer secret"}, "token"),
        ("sécret", {"authorization": "bearer sécret".encode()}, "token"),
        (("ada", "pass:word"), basic("ada", "pass:word"), "ada"),
        (lambda _: Viewer("ada"), {}, "ada"),
    ],
)
async def test_who_may_look_is_known_by_name(
    visit: Visit, auth: Any, headers: dict[str, Any], name: str
) -> None:
    session = (await visit(auth=auth).get("/api/session", headers=headers)).json()
    assert (session["viewer"], session["may_act"]) == (name, False)


async def test_a_function_may_be_async_and_let_some_act(visit: Visit, failed: Job) -> None:
    async def auth(request: Request) -> Viewer | None:
        name = request.headers.get("x-user")
        return None if name is None else Viewer(name, may_act=name == "ada")

    page = visit(auth=auth)
    body = {"action": "retry", "uids": [str(failed.uid)]}
    page.http.headers["x-user"] = "bob"
    assert problem(await page.post("/api/jobs/act", body)).startswith("you may look")
    page.token, page.http.headers["x-user"] = "", "ada"
    assert (await page.read("/api/session"))["may_act"] is True
    assert await page.do("/api/jobs/act", body) == {
        "changed": [str(failed.uid)], "missed": [], "next": None
    }  # fmt: skip
    assert [each["actor"] for each in (await page.read("/api/actions"))["actions"]] == ["ada"]


async def test_a_function_may_refuse_in_its_own_way_or_fail(visit: Visit) -> None:
    def refuse(request: Request) -> Viewer:
        raise HTTPException(403, "not you")

    answer = await visit(auth=refuse).get("/api/session")
    assert (answer.status_code, problem(answer)) == (403, "not you")
    for wrong in (lambda _: True, lambda _: 1 / 0):
        answer = await visit(auth=wrong).get("/api/session")
        assert answer.status_code == 500
        assert problem(answer) == "something went wrong; the log of the server says what"


async def test_a_monitor_is_read_only_unless_told_otherwise(visit: Visit, failed: Job) -> None:
    page = visit()
    uid = str(failed.uid)
    for path, body in {
        "/api/jobs/act": {"action": "delete", "uids": [uid]},
        "/api/queues/pause": {"name": "default"},
        "/api/queues/resume": {"name": "default"},
        "/api/workers/stop": {"id": 1},
    }.items():
        answer = await page.post(path, body)
        assert (answer.status_code, problem(answer)[:12]) == (403, "you may look")
    assert (await page.post("/api/watch", {"client": "x", "uids": [uid]})).status_code == 409
    assert (await page.read(f"/api/jobs/{uid}"))["job"]["status"] == "failed"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"x-steve-token": ""}, "X-Steve-Token"),
        ({"x-steve-token": "0" * 64}, "X-Steve-Token"),
        ({"cookie": "steve_csrf=" + "0" * 64}, "X-Steve-Token"),
        ({"origin": "null"}, "another origin"),
        ({"origin": "https://evil.example"}, "another origin"),
        ({"origin": "http://localhost:8586"}, "another origin"),
        ({"origin": "file://"}, "another origin"),
        ({"sec-fetch-site": "cross-site"}, "another site"),
        ({"sec-fetch-site": "same-site"}, "another site"),
        ({"sec-fetch-site": "none"}, "another site"),
    ],
)
async def test_a_foreign_page_can_do_nothing(
    page: Page, failed: Job, headers: dict[str, str], why: str
) -> None:
    for method, path in await ways(page):
        if method == "POST":
            answer = await page.post(
                path, {"action": "delete", "uids": [str(failed.uid)]}, **headers
            )
            assert answer.status_code == 403
            assert why in problem(answer)
    assert (await page.read(f"/api/jobs/{failed.uid}"))["job"]["status"] == "failed"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_only_json_is_taken(page: Page, failed: Job, kind: str) -> None:
    body = {"action": "delete", "uids": [str(failed.uid)]}
    answer = await page.post("/api/jobs/act", body, **{"content-type": kind})
    assert (answer.status_code, problem(answer)[:9]) == (415, "send JSON")


async def test_a_token_in_the_header_needs_no_other(visit: Visit, failed: Job) -> None:
    page = visit(auth="secret", actions=True)
    body = {"action": "retry", "uids": [str(failed.uid)]}
    headers = {"authorization": "Bearer secret"}
    answer = await page.http.post("/api/jobs/act", json=body, headers=headers)
    assert answer.json()["changed"] == [str(failed.uid)]
    answer = await page.http.post(
        "/api/jobs/act", json=body, headers={**headers, "origin": "https://evil.example"}
    )
    assert answer.status_code == 403


async def test_behind_a_proxy_the_public_host_is_an_origin(visit: Visit, failed: Job) -> None:
    body = {"name": "default"}
    page = visit(auth="s", actions=True, hosts=["jobs.example.org", "backend"])
    page.http.headers["authorization"] = "Bearer s"
    page.http.headers["host"] = "backend:8585"
    origin = {"origin": "https://jobs.example.org"}
    assert (await page.post("/api/queues/pause", body, **origin)).status_code == 200
    origin = {"origin": "https://example.org"}
    assert (await page.post("/api/queues/pause", body, **origin)).status_code == 403


async def test_looking_changes_nothing(page: Page, failed: Job, connection: Any) -> None:
    async def everything() -> list[Any]:
        cursor = await connection.execute(
            "select (select jsonb_agg(to_jsonb(j) order by j.id) from steve.jobs j),"
            " (select count(*) from steve.action), (select count(*) from steve.queue)"
        )
        return await cursor.fetchall()

    before = await everything()
    for method, path in await ways(page):
        if method == "GET" and not path.endswith("/events"):
            await page.get(re.sub("[0-9a-f-]{36}", str(failed.uid), path))
    assert await everything() == before


async def test_every_answer_forbids_what_a_browser_need_not_do(page: Page) -> None:
    for method, path in [*await ways(page), ("PUT", "/api/jobs"), ("GET", "/nowhere")]:
        if path.endswith("/events"):
            continue
        answer = await page.http.request(method, path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "POST"])
async def test_other_methods_are_refused(page: Page, method: str) -> None:
    await page.post("/api/watch", {"client": "x", "uids": []})
    headers = {"x-steve-token": page.token}
    answer = await page.http.request(method, "/api/jobs", headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    answer = await page.http.request(method, "/nowhere", headers=headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("auth", ["", ("ada",), ("ada", ""), ("a:b", "c"), 5, True])
async def test_no_authentication_is_made_of_nonsense(jobs: Jobs, auth: Any) -> None:
    with pytest.raises((OptionError, OptionTypeError), match="auth"):
        jobs.monitor(auth=auth)


@pytest.mark.parametrize(
    "options",
    [{"hosts": "jobs.org"}, {"hosts": ["a/b"]}, {"redact": "some"}, {"actions": 1}, {"title": ""}],
)
async def test_other_options_are_checked_too(jobs: Jobs, options: dict[str, Any]) -> None:
    with pytest.raises((OptionError, OptionTypeError), match=next(iter(options))):
        jobs.monitor(**options)


def test_a_viewer_has_a_name() -> None:
    with pytest.raises(OptionError, match="name"):
        Viewer("")
    assert BASE.startswith("http://localhost")
