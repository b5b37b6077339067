"""A hub on this machine that speaks as much of the protocol as the hub's own library needs to fetch and to commit.

Files come within the commit; of the ways for large ones (LFS, Xet), none is offered.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass
class LocalHub:
    """What the hub has and was asked.

    Attributes:
        repositories: Id -> name of a file -> content.
        token: That may write; ``None``: whoever.
        asked: Method and path of each request.
        private: Ids that were made private.
        address: Where it answers.
    """

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    token: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    address: str = ""

    def commit(self, hub_id: str) -> str:
        return hashlib.sha1(repr(sorted(self.repositories[hub_id].items())).encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: LocalHub

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._get()

    def do_GET(self) -> None:
        self._get()

    def _get(self) -> None:
        path = self._asked()
        words = path.split("/")
        if path.startswith("/api/models/"):
            hub_id, what = "/".join(words[3:5]), words[5] if len(words) > 5 else "revision"
            if hub_id not in self.hub.repositories:
                self._say(404, {"error": "not found"}, {"X-Error-Code": "RepoNotFound"})
            elif what == "revision":
                self._say(200, {"id": hub_id, "sha": self.hub.commit(hub_id), "siblings": []})
            else:
                files = self.hub.repositories[hub_id].items()
                self._say(200, [self._entry(name, content) for name, content in files])
            return
        hub_id, name = "/".join(words[1:3]), "/".join(words[5:])
        content = self.hub.repositories.get(hub_id, {}).get(name)
        if content is None:
            self._say(404, {}, {"X-Error-Code": "EntryNotFound"})
            return
        headers = {"X-Repo-Commit": self.hub.commit(hub_id), "ETag": f'"{self._entry(name, content)["oid"]}"'}
        self._send(200, content, headers)

    def do_POST(self) -> None:
        path = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.hub.token is not None and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._say(401, {"error": "Invalid username or password."})
        elif path == "/api/repos/create":
            wanted = json.loads(body)
            hub_id = f"{wanted['organization']}/{wanted['name']}"
            if wanted.get("visibility") == "private" or wanted.get("private"):
                self.hub.private.add(hub_id)
            self.hub.repositories.setdefault(hub_id, {})
            self._say(200, {"url": f"{self.hub.address}/{hub_id}"})
        elif path == "/api/validate-yaml":
            self._say(200, {"errors": [], "warnings": []})
        elif "/preupload/" in path:
            modes = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                for file in json.loads(body)["files"]
            ]
            self._say(200, {"files": modes})
        else:
            hub_id = "/".join(path.split("/")[3:5])
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.hub.repositories[hub_id][line["value"]["path"]] = content
            commit = self.hub.commit(hub_id)
            url = f"{self.hub.address}/{hub_id}/commit/{commit}"
            self._say(200, {"commitUrl": url, "commitOid": commit, "success": True})

    def _asked(self) -> str:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((self.command, path))
        return path

    @staticmethod
    def _entry(name: str, content: bytes) -> dict[str, object]:
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        return {"type": "file", "path": name, "size": len(content), "oid": oid}

    def _say(self, status: int, answer: object, headers: dict[str, str] | None = None) -> None:
        self._send(
            status, json.dumps(answer).encode(), {"Content-Type": "application/json", **(headers or {})}
        )

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def local_hub() -> Iterator[LocalHub]:
    """Run a hub."""
    hub = LocalHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
