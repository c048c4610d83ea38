"""The built pages: a handful of files, held in memory."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from steve.monitor.problems import Refused

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"

_NOT_BUILT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>steve</title>
<p>The pages of the monitor were not built: run <code>make web</code>.
The API is there: <a href="openapi.json">openapi.json</a>.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    zipped: bytes
    media: str


class Files:
    """What is in the folder of built files, read when it is first asked for."""

    def index(self) -> Response:
        """The page that has all pages in it."""
        file = self._files.get("index.html")
        return (
            HTMLResponse(_NOT_BUILT, 503)
            if file is None
            else Response(file.content, media_type="text/html")
        )

    def file(self, request: Request, name: str) -> Response:
        """A file. The names of those in `assets` change with their content. Raises `Refused`."""
        file = self._files.get(name)
        if file is None:
            raise Refused(404, "there is nothing here")
        headers = {"vary": "accept-encoding"}
        if name.startswith("assets/"):
            headers["cache-control"] = FOREVER
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(file.zipped, headers=headers, media_type=file.media)
        return Response(file.content, headers=headers, media_type=file.media)

    @cached_property
    def _files(self) -> dict[str, _File]:
        return {
            path.relative_to(FOLDER).as_posix(): _read(path)
            for path in sorted(FOLDER.rglob("*"))
            if path.is_file()
        }


def _read(path: Path) -> _File:
    content = path.read_bytes()
    media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(content, gzip.compress(content), media)
