"""What is done to a device: a new code, a camera switched on or off, revoking."""

from __future__ import annotations

from litestar import get, post

from siga.contract.parking import Device
from siga.kit.problem import Problem
from siga.services.gateway.pages.admin.desk import Desk, seg
from siga.services.gateway.pages.admin.words import DeviceAndCode
from siga.services.gateway.pages.web import Page


@get("/admin/devices/{device_id:str}/code")
async def ask_code(desk: Desk, device_id: str) -> Page:
    """Ask before a new code takes the place of the old one, and in time a new key that of the old one."""
    path = f"/admin/devices/{seg(device_id)}"
    device = await desk.visitor.get("parking", f"/api/v1/devices/{seg(device_id)}", Device)
    return desk.confirm("admin.device_rotate" if device.key_kind else "admin.new_code", f"{path}/code", path)


@post("/admin/devices/{device_id:str}/code")
async def new_code(desk: Desk, device_id: str) -> Page:
    """Make a new code and show it, this once."""
    await desk.visitor.form()
    made = await desk.visitor.post("parking", f"/api/v1/devices/{seg(device_id)}/code", {}, DeviceAndCode)
    return desk.page("device_code.html", device=made.device, code=made.code)


@post("/admin/devices/{device_id:str}/switch")
async def switch(desk: Desk, device_id: str) -> Page:
    """Switch a device on or off."""
    form, path = await desk.visitor.form(), f"/admin/devices/{seg(device_id)}"
    try:
        body = {"enabled": form.text("enabled") == "1"}
        await desk.visitor.post("parking", f"/api/v1/devices/{seg(device_id)}", body, Device, method="PATCH")
    except Problem as problem:
        desk.refused(problem, ())
        return desk.done(path, "needs_resolution")
    return desk.done(path, "switched")


@get("/admin/devices/{device_id:str}/revoke")
async def ask_revoke(desk: Desk, device_id: str) -> Page:
    """Ask before a device is revoked."""
    path = f"/admin/devices/{seg(device_id)}"
    return desk.confirm("admin.device_revoke", f"{path}/revoke", path)


@post("/admin/devices/{device_id:str}/revoke")
async def revoke(desk: Desk, device_id: str) -> Page:
    """Revoke a device: its key opens nothing any more."""
    await desk.visitor.form()
    await desk.visitor.post("parking", f"/api/v1/devices/{seg(device_id)}/revoke", {}, Device)
    return desk.done(f"/admin/devices/{seg(device_id)}", "revoked")


HANDLERS = (ask_code, new_code, switch, ask_revoke, revoke)
