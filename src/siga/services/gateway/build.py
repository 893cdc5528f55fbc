"""Wires the gateway: the users' door is its app, the sensors' door stands in `extra["sensors"]`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from siga.contract.events import Event
from siga.contract.settings import REQUESTS_PER_IP_MIN
from siga.kit.service import Context, Service
from siga.services.gateway import policies
from siga.services.gateway.doors import Door
from siga.services.gateway.follow import Follower
from siga.services.gateway.forward import Forwarder
from siga.services.gateway.health import Health
from siga.services.gateway.live.hub import Hub
from siga.services.gateway.live.news import News
from siga.services.gateway.live.snapshot import Snapshots
from siga.services.gateway.live.stream import LiveStream
from siga.services.gateway.live.ticker import Ticker
from siga.services.gateway.pages.app import pages_app
from siga.services.gateway.policies import Proxies
from siga.services.gateway.reference.pages import Reference
from siga.services.gateway.security_txt import security_txt
from siga.services.gateway.sensors.door import SensorsDoor
from siga.services.gateway.sensors.guard import Guard
from siga.services.gateway.sensors.keys import DeviceKeys, Municipalities
from siga.services.gateway.sensors.lns.intake import LnsDoor
from siga.services.gateway.sensors.lns.integrations import Integrations
from siga.services.gateway.sensors.quotas import Quotas
from siga.services.gateway.session_routes import SessionRoutes
from siga.services.gateway.sessions import SignIn
from siga.services.gateway.users_door import UsersDoor


@dataclass(frozen=True, slots=True)
class _Parts:
    """What both doors share."""

    sign_in: SignIn
    hub: Hub
    snapshots: Snapshots
    device_keys: DeviceKeys
    integrations: Integrations
    sensors: SensorsDoor


async def build(ctx: Context) -> Service:
    """The gateway. Start options it reads: `trusted_proxy`, `loopback`, `public_metrics`, `sensors_on_users_door`,
    `stopping`, `public_url`, `security_contact`, `security_expires`."""
    parts = _parts(ctx)
    followers = _followers(ctx, parts)
    own = _waiting_for(followers, ctx.options.get("stopping"))
    health = Health(
        ctx.peers, [name for name in ctx.apps if name != ctx.name], own,
        public_metrics=bool(ctx.options.get("public_metrics")),
    )  # fmt: skip
    proxies = Proxies.parse(ctx.options.get("trusted_proxy"))
    loopback = bool(ctx.options.get("loopback"))
    return Service(
        name=ctx.name,
        app=Door(
            "users-door", _users_door(ctx, parts, health), proxies=proxies, loopback=loopback,
            body_limit_bytes=_users_limit, per_min=lambda: ctx.settings.int_of(REQUESTS_PER_IP_MIN),
            lane=lane.answer if (lane := ctx.lanes.get("parking")) else None,
        ),
        extra={"sensors": Door(
            "sensors-door", parts.sensors, proxies=proxies, loopback=loopback,
            body_limit_bytes=policies.sensors_body_limit_bytes,
        )},
        background=[*(follower.run for follower in followers), Ticker(parts.hub).run, parts.sign_in.access.run],
        ready=lambda: not own(),
    )  # fmt: skip


def _parts(ctx: Context) -> _Parts:
    lane = ctx.lanes.get("parking")
    hub, keys = Hub(), DeviceKeys(ctx.peers, lane.keys_version) if lane else DeviceKeys(ctx.peers)
    guard, municipalities = Guard(keys, ctx.settings, ctx.clock), Municipalities(ctx.peers)
    integrations = Integrations(ctx.peers, ctx.clock)
    lns = LnsDoor(ctx.peers, guard, integrations, municipalities, ctx.settings, ctx.clock)
    return _Parts(
        sign_in=SignIn.of(ctx), hub=hub, snapshots=Snapshots(ctx.peers, hub), device_keys=keys,
        integrations=integrations,
        sensors=SensorsDoor(ctx.peers, guard, keys, municipalities, ctx.clock, lns, Quotas(ctx.settings), lane),
    )  # fmt: skip


def _users_door(ctx: Context, parts: _Parts, health: Health) -> UsersDoor:
    reference = Reference(ctx.peers, [name for name in ctx.apps if name != ctx.name])
    sessions = SessionRoutes(parts.sign_in)
    on_users_door = bool(ctx.options.get("sensors_on_users_door"))
    return UsersDoor(
        own={
            "/healthz": health.alive, "/readyz": health.ready, "/metrics": health.metrics,
            "/api/openapi.json": reference.openapi, "/api/docs": reference.docs,
            "/api/v1/live": LiveStream(parts.hub, parts.snapshots, parts.sign_in, ctx.settings),
            "/api/v1/auth/session": sessions, "/api/v1/auth/session/second": sessions.second,
            "/api/v1/auth/session/passkey": sessions.passkey,
            **security_txt(ctx.options, ctx.clock),
        },
        prefixes={"problems": reference.problem, **({"sensors": parts.sensors} if on_users_door else {})},
        forward=Forwarder(ctx.apps, ctx.keys, parts.sign_in),
        pages=pages_app(ctx, parts.sign_in),
        sign_in=parts.sign_in,
    )  # fmt: skip


def _followers(ctx: Context, parts: _Parts) -> list[Follower]:
    """The journals the gateway hears, of the services that this process can reach."""
    news = News(parts.hub)

    def hear_parking(event: Event) -> None:
        parts.device_keys.hear(event)
        parts.integrations.hear(event)
        parts.snapshots.hear(event)
        news.hear_parking(event)

    def hear_users(event: Event) -> None:
        parts.sign_in.cache.hear(event)
        parts.sign_in.access.hear(event)

    handlers = {
        "parking": hear_parking, "enforcement": news.hear_enforcement, "users": hear_users
    }  # fmt: skip
    return [
        Follower(ctx.feed(source), handle, parts.hub.start if source == "parking" else None)
        for source, handle in handlers.items()
        if source in ctx.apps
    ]


def _waiting_for(followers: list[Follower], stopping: Callable[[], bool] | None) -> Callable[[], list[str]]:
    def waits() -> list[str]:
        if stopping is not None and stopping():
            return ["the next start: this process is stopping"]
        return [f"{one.source}'s journal" for one in followers if one.position is None]

    return waits


def _users_limit(method: str, path: str) -> int:
    if path.startswith("/sensors/"):
        return policies.sensors_body_limit_bytes(method, path)
    return policies.users_body_limit_bytes(method, path)
