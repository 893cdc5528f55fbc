"""The files of `deploy/` are what they claim: units systemd takes, a proxy nginx takes, options that exist."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from siga.cli.parser import build_parser
from siga.cli.settings import read_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(path.name for path in DEPLOY.iterdir() if path.suffix in (".service", ".timer"))
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_SECTIONS = {".service": {"Unit", "Service", "Install"}, ".timer": {"Unit", "Timer", "Install"}}


def unit(name: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False, comment_prefixes=("#",), delimiters=("=",))
    parsed.optionxform = str  # type: ignore[method-assign,assignment]
    parsed.read_string((DEPLOY / name).read_text())
    return parsed


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_taken_by_systemd(name: str, tmp_path: Path) -> None:
    parsed = unit(name)
    assert set(parsed.sections()) <= _SECTIONS[Path(name).suffix]
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]+", key) for section in parsed.sections() for key in parsed[section])
    if shutil.which("systemd-analyze") is None:
        return
    for one in UNITS:  # a timer names its service, a service its program
        (tmp_path / one).write_text((DEPLOY / one).read_text().replace("/opt/siga/bin/siga", "/bin/true"))
    found = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / name.replace("@", "@daily"))], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (found.returncode, [line for line in found.stderr.splitlines() if str(tmp_path) in line]) == (0, [])


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_what_a_unit_calls_exists_with_all_its_options(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = unit(name)["Service"]
    program, *arguments = shlex.split(service["ExecStart"].replace("${SIGA_KEEP}", "8").replace("%i", "daily"))
    assert program == "/opt/siga/bin/siga"
    args = build_parser().parse_args(arguments)
    assert str(args.data) == "/var/lib/siga"
    args.config = DEPLOY / "siga.toml"
    settings = read_settings(args)
    assert settings.trusted_proxy == ("127.0.0.1",)
    assert service["ProtectSystem"] == "strict"
    assert service["User"] == "siga"


def test_the_proxy_leads_to_the_doors_of_the_settings() -> None:
    settings = tomllib.loads((DEPLOY / "siga.toml").read_text())
    upstreams = re.findall(r"server 127\.0\.0\.1:(\d+);", (DEPLOY / "nginx.conf").read_text())
    assert list(map(int, upstreams)) == [settings["port"], settings["sensors_port"]]


def test_the_proxy_is_taken_by_nginx(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    assert text.count("{") == text.count("}")
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        return
    _certificate(tmp_path)
    text = re.sub(r"/etc/letsencrypt/live/[^/]+/", f"{tmp_path}/", text)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log; events {{}}\nhttp {{ access_log off;\n"
        + "".join(
            f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"\n{text}}}\n"
    )
    found = subprocess.run(
        [nginx, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 0, found.stderr


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "parking.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_every_file_the_steps_name_is_there() -> None:
    steps = (DEPLOY / "README.md").read_text()
    for name in re.findall(r"deploy/([\w@.-]+)", steps):
        assert (DEPLOY / name).exists(), name
    for path in DEPLOY.iterdir():
        assert path.name in steps or path.name == "README.md", f"{path.name} is in no step"
