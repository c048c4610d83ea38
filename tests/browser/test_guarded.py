"""Who may look, who may act, and what other sites cannot do with somebody's browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from support.visits import address, heading, row
from support.waiting import eventually_async

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Request, Response

    from support.stage import Stage
    from support.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = "secret+&=%"


@pytest.fixture(scope="module")
def readable(stage: Stage) -> Iterator[str]:
    """The address of a monitor that lets nobody act."""
    with stage.monitor("--port", "0") as url:
        yield url


@pytest.fixture(scope="module")
def locked(stage: Stage) -> Iterator[str]:
    """The address of a monitor that wants a token."""
    with stage.monitor("--port", "0", "--actions", "--token", TOKEN) as url:
        yield url


async def test_nothing_can_be_done_where_one_may_only_look(
    stage: Stage, visit: Visits, readable: str
) -> None:
    failed = await stage.failed(stage.name("looked-at"))
    page = await visit(address("jobs", type=failed.type), url=readable)
    await expect(row(page, failed)).to_be_visible()
    await expect(page.get_by_role("checkbox")).to_have_count(0)
    for key in "jxrcd":
        await page.keyboard.press(key)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    for at, there in (
        (f"job/{failed.uid}", "Error"), ("queues", "Queues"),
        ("workers", "Workers"), ("errors", "Errors"),
    ):  # fmt: skip
        await page.goto(f"{readable}#/{at}")
        await expect(page.get_by_role("heading", name=there, exact=True)).to_be_visible()
        await expect(page.locator("main .panel, main .error").first).to_be_visible()
        for verb in ("Retry", "Cancel", "Delete", "Pause", "Resume", "Stop", "Retry all"):
            await expect(page.get_by_role("button", name=verb, exact=True)).to_have_count(0)


async def test_what_happens_is_seen_where_one_may_only_look(
    stage: Stage, visit: Visits, readable: str
) -> None:
    (job,) = await stage.later(stage.name("seen"))
    page = await visit("jobs", url=readable)
    await expect(row(page, job)).to_have_attribute("data-status", "pending")
    await stage.jobs.cancel(job)
    await expect(row(page, job)).to_have_attribute("data-status", "cancelled")


async def test_a_token_lets_in(stage: Stage, visit: Visits, locked: str) -> None:
    visit.expect("401", "404")
    page = await visit("queues", url=locked)
    field = page.get_by_label("The token of this monitor")
    await field.fill("guess")
    await page.get_by_role("button", name="Look").click()
    await expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    await field.fill(TOKEN)
    await page.get_by_role("button", name="Look").click()
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    assert TOKEN not in await page.content()
    for cookie in await page.context.cookies():
        assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
        assert TOKEN not in str(cookie)
    job = await stage.failed(stage.name("let-in"))
    await page.goto(f"{locked}#/job/{job.uid}")
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("There is no such job")).to_be_visible()


async def test_a_link_with_the_token_lets_in(visit: Visits, locked: str) -> None:
    page = await visit.blank()
    await page.goto(f"{locked}?token=secret%2B%26%3D%25#/queues")
    await expect(heading(page, "Queues")).to_be_visible()
    assert "token" not in page.url
    assert "secret" not in await page.evaluate("JSON.stringify(performance.getEntries())")


async def test_whoever_is_let_in_no_longer_is_told_so(
    stage: Stage, visit: Visits, locked: str
) -> None:
    visit.expect("401")
    page = await visit.blank()
    await page.goto(f"{locked}?token=secret%2B%26%3D%25")
    await expect(heading(page, "Overview")).to_be_visible()
    await page.context.clear_cookies()
    await page.keyboard.press("g")
    await page.keyboard.press("e")
    await expect(page.get_by_role("alert").first).to_contain_text("the token is needed")
    await page.get_by_role("link", name="Log in again").first.click()
    await expect(page.get_by_label("The token of this monitor")).to_be_visible()


class Attacker(BaseHTTPRequestHandler):
    """A site with one page that does nothing by itself."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A kitten</title><body>")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def attacker() -> Iterator[int]:
    """The port of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Attacker) as server:
        thread = threading.Thread(target=server.serve_forever, name="attacker")
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


ATTACK = """async ([base, posts]) => {
    const tried = [];
    const types = ["text/plain", "application/x-www-form-urlencoded", "application/json"];
    for (const [path, body] of posts) {
        for (const mode of ["no-cors", "cors"]) {
            for (const type of types) {
                const init = {method: "POST", mode, body, credentials: "include",
                    headers: {"Content-Type": type}};
                tried.push(fetch(base + path, init).then(() => null, () => null));
            }
            tried.push(fetch(base + path + "?token=1", {mode, credentials: "include"})
                .then(() => null, () => null));
        }
        navigator.sendBeacon(base + path, new Blob([body], {type: "text/plain"}));
        for (const sandbox of [null, "allow-scripts allow-forms"]) {
            const frame = document.createElement("iframe");
            if (sandbox !== null) frame.sandbox = sandbox;
            const escaped = body.slice(0, -1).replaceAll('"', "&quot;");
            frame.srcdoc = `<form method="post" enctype="text/plain" action="${base + path}">
                <input name="${escaped}, &quot;x&quot;: &quot;" value="&quot;}"></form>
                <script>document.forms[0].submit()</script>`;
            document.body.append(frame);
        }
        const image = new Image();
        image.src = base + path;
    }
    await Promise.all(tried);
}"""
WAYS = 10
"""Requests of each attack: a post in two modes with three types of content each, a get in both
modes, a beacon, and a form. Images, and forms in a sandbox, come on top."""


async def state(stage: Stage) -> list[Any]:
    return await stage.sql(
        """
        select (select array_agg((uid, status) order by uid) from steve.jobs)::text,
            (select array_agg(name order by name) from steve.queue where paused_at is not null),
            (select count(*) from steve.worker where stop_requested_at is not null),
            (select count(*) from steve.action)
        """
    )


@pytest.mark.parametrize(
    ("guard", "host"),
    [
        ("none", "localhost"),  # another site, which would need no cookie
        ("token", "127.0.0.1"),  # another origin of the same site, to which cookies are sent
    ],
)
async def test_other_sites_cannot_act(
    stage: Stage, visit: Visits, locked: str, attacker: int, host: str, guard: str
) -> None:
    visit.expect("")  # the attacker's page complains about everything that it is refused
    job = await stage.failed(stage.name("attacked"))
    ((worker,),) = await stage.sql("select max(id) from steve.worker where died_at is null")
    posts = [
        ("api/jobs/act", {"action": "delete", "uids": [str(job.uid)]}),
        ("api/jobs/act", {"action": "retry", "filter": {"type": [job.type]}}),
        ("api/queues/pause", {"name": "default"}),
        ("api/workers/stop", {"id": worker}),
    ]
    url = locked if guard == "token" else visit.url
    page = await visit.blank()
    # Its owner looks at the monitor, and has what it takes to act there.
    await page.goto(f"{url}?token=secret%2B%26%3D%25" if guard == "token" else url)
    await expect(heading(page, "Overview")).to_be_visible()
    before = await state(stage)
    kitten = await page.context.new_page()
    requests = Requests(page.context)
    await kitten.goto(f"http://{host}:{attacker}/")
    await kitten.evaluate(ATTACK, [url, [(path, json.dumps(body)) for path, body in posts]])
    await requests.answered(len(posts) * WAYS)
    # These are the answers to forms: others are not shown to anybody.
    assert requests.statuses in ({401}, {403}, {401, 403})
    assert await state(stage) == before
    await kitten.close()
    # To the one who may, the same is allowed.
    await page.goto(f"{url}#/job/{job.uid}")
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("There is no such job")).to_be_visible()
    assert await state(stage) != before


class Requests:
    """What is asked to be done by somebody's browser, and how that is answered."""

    def __init__(self, context: BrowserContext) -> None:
        self._sent: list[Request] = []
        self._over: list[Request] = []
        self.statuses: set[int] = set()
        context.on("request", lambda request: self._note(request, self._sent))
        # A page of another origin may not see an answer: for it the request has failed.
        context.on("requestfailed", lambda request: self._note(request, self._over))
        context.on("requestfinished", lambda request: self._note(request, self._over))
        context.on("response", self._answered)

    async def answered(self, count: int) -> None:
        """Wait until so many have been sent, and all were answered."""

        async def all_over() -> bool:
            return len(self._sent) >= count and len(self._sent) == len(self._over)

        await eventually_async(all_over, 15, what=f"answers to {count} requests")

    def _note(self, request: Request, list: list[Request]) -> None:
        if acts(request):
            list.append(request)

    def _answered(self, response: Response) -> None:
        if acts(response.request):
            self.statuses.add(response.status)


def acts(request: Request) -> bool:
    return any(path in request.url for path in ("jobs/act", "queues/pause", "workers/stop"))
