"""nginx as the yardstick of HTTP: the bytes of one real answer as a static file, one worker, connections kept open."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from siga.bench.measuring import program
from siga.bench.rivals.child import child, children_of, listens
from siga.bench.started import free_ports

_CONF = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  open_file_cache max=100 inactive=600s;
  open_file_cache_valid 600s;
  default_type application/json;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/root;
  }}
}}
"""


class Nginx(NamedTuple):
    """A started nginx: where its file is, and the process of its worker."""

    url: str
    worker: int


def _lay_out(folder: Path, body: bytes, port: int) -> None:
    (folder / "root").mkdir(parents=True)
    (folder / "root" / "answer.json").write_bytes(body)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_CONF.format(folder=folder, port=port, user=user))


@asynccontextmanager
async def nginx(folder: Path, body: bytes) -> AsyncIterator[Nginx]:
    """nginx with one file that holds `body`, until the block ends; Missing when it is not installed."""
    command, port = program("nginx"), free_ports(1)[0]
    _lay_out(folder, body, port)
    words = (command, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"))
    async with child(words, lambda: listens(port), log=folder / "nginx.log") as process:
        yield Nginx(f"http://127.0.0.1:{port}/answer.json", children_of(process.pid)[0])
