"""Signing in with a token in a browser: by a link that has it, or on a small page."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from steve.monitor.guard.authentication import Token
from steve.monitor.guard.headers import POLICY

_STYLE = """\
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { display: grid; place-content: center; min-height: 90vh; margin: 0; }
form { display: grid; gap: .75rem; width: min(20rem, 90vw); }
input, button { font: inherit; padding: .5rem .75rem; border-radius: .4rem; border: 1px solid; }
"""
_PAGE = f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>steve: sign in</title>
<style>{_STYLE}</style>
<form method="post" action="login">
<label for="token">The token of this monitor</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Look</button>
%s
</form>
</html>
"""
_WRONG = '<p role="alert">That is not the token.</p>'
_AGAIN = '<!doctype html><meta http-equiv="refresh" content="0; url=./"><title>steve</title>'

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = POLICY.replace("style-src 'self'", f"style-src 'sha256-{_DIGEST}'")


def login_page(*, wrong: bool = False) -> Response:
    """Ask for the token."""
    headers = {
        "content-security-policy": _POLICY,
        "www-authenticate": "Bearer",
        # With no referrer at all, browsers say of a form that it comes from nowhere.
        "referrer-policy": "same-origin",
    }
    return HTMLResponse(_PAGE.replace("%s", _WRONG if wrong else ""), 401, headers)


def by_link(request: Request, token: Token) -> Response | None:
    """Take the token out of the link, and go on without; None if there is none in it."""
    given = request.query_params.get("token")
    if given is None:
        return None
    if not token.is_right(given):
        return login_page(wrong=True)
    if request.headers.get("sec-fetch-site") == "cross-site":
        # The browser would not send the cookie along on a redirect: our own page has to ask.
        return _signed_in(HTMLResponse(_AGAIN), request, token)
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
    target = "?" + urlencode(rest) if rest else "./" + request.url.path.rpartition("/")[2]
    return _signed_in(RedirectResponse(target, 303), request, token)


def by_form(body: bytes, request: Request, token: Token) -> Response:
    """Take the token from the page that asked for it."""
    given = parse_qs(body.decode(errors="replace")).get("token", [""])[0]
    if not token.is_right(given):
        return login_page(wrong=True)
    return _signed_in(RedirectResponse("./", 303), request, token)


def is_secure(request: Request) -> bool:
    """Whether the browser has come by HTTPS; a proxy in between says so, if it says anything."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))


def _signed_in(response: Response, request: Request, token: Token) -> Response:
    response.set_cookie(
        token.cookie,
        token.proof,
        path=(request.scope.get("root_path") or "") + "/",
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )
    return response
