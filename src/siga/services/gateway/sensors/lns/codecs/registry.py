"""All codecs by the id under which a device is pinned to one (`siga.contract.lorawan.CODECS`)."""

from __future__ import annotations

from collections.abc import Mapping

from siga.services.gateway.sensors.lns.codecs import bosch, nwave
from siga.services.gateway.sensors.lns.codecs.frame import Decode, Frame, Unreadable

DECODERS: Mapping[str, Decode] = {
    "bosch-tps110-0.29.2": bosch.decode_0292,
    "bosch-tps110-0.23": bosch.decode_023,
    "nwave-nps310-1.13": nwave.decode_310,
    "nwave-nps405-2.4.9": nwave.decode_405,
}


def read_by_all(port: int, data: bytes) -> tuple[dict[str, Frame], dict[str, str]]:
    """What each codec makes of a payload, and why others cannot read it. Only Parking knows which one counts."""
    frames: dict[str, Frame] = {}
    faults: dict[str, str] = {}
    for codec_id, decode in DECODERS.items():
        try:
            frames[codec_id] = decode(port, data)
        except Unreadable as fault:
            faults[codec_id] = str(fault)
    return frames, faults
