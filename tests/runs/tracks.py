"""Tracks as watches export them, made from a walk that is known second by second."""

import struct
from datetime import UTC, datetime, timedelta

import numpy as np

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATITUDE, LONGITUDE = 47.371, 8.542
DEG_M = 2 * np.pi * 6371008.8 / 360


def points(speed_mps, height_m, *, start=START):
    """One point a second on a way due north: time, latitude, distance, height, speed, cadence."""
    gone_m = np.concatenate([[0.0], np.cumsum(speed_mps)[:-1]])
    return [
        (start + timedelta(seconds=n), LATITUDE + way / DEG_M, way, up, speed, 55 * (speed > 0))
        for n, (way, up, speed) in enumerate(zip(gone_m, height_m, speed_mps, strict=True))
    ]


def gpx(rows):
    body = "".join(
        f'<trkpt lat="{north:.7f}" lon="{LONGITUDE}"><ele>{up:.2f}</ele><time>{time:%FT%TZ}</time>'
        f"<extensions><x:TrackPointExtension><x:cad>{cadence}</x:cad></x:TrackPointExtension>"
        "</extensions></trkpt>"
        for time, north, _, up, _, cadence in rows
    )
    return (
        '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"'
        ' xmlns:x="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">'
        f"<trk><trkseg>{body}</trkseg></trk></gpx>"
    ).encode()


def tcx(rows):
    body = "".join(
        f"<Trackpoint><Time>{time:%FT%TZ}</Time><Position><LatitudeDegrees>{north:.7f}"
        f"</LatitudeDegrees><LongitudeDegrees>{LONGITUDE}</LongitudeDegrees></Position>"
        f"<AltitudeMeters>{up:.2f}</AltitudeMeters><DistanceMeters>{way:.2f}</DistanceMeters>"
        "<HeartRateBpm><Value>120</Value></HeartRateBpm></Trackpoint>"
        for time, north, way, up, _, _ in rows
    )
    return (
        '<?xml version="1.0"?><TrainingCenterDatabase'
        ' xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities><Activity>'
        f"<Lap><Track>{body}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    ).encode()


def fit(rows):
    """Messages ``record`` with timestamp, position, altitude, speed and cadence (FIT SDK)."""
    epoch = datetime(1989, 12, 31, tzinfo=UTC)
    fields = ((253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85), (2, 2, 0x84), (6, 2, 0x84), (4, 1, 0x02))
    data = struct.pack("<BBBHB", 0x40, 0, 0, 20, len(fields))
    data += b"".join(struct.pack("<BBB", *field) for field in fields)
    for time, north, _, up, speed, cadence in rows:
        data += struct.pack(
            "<BIiiHHB", 0, int((time - epoch).total_seconds()), round(north * 2**31 / 180),
            round(LONGITUDE * 2**31 / 180), round((up + 500) * 5), round(speed * 1000), cadence,
        )  # fmt: skip
    head = struct.pack("<BBHI4s", 14, 0x20, 2100, len(data), b".FIT")
    head += struct.pack("<H", _crc(head))
    return head + data + struct.pack("<H", _crc(head + data))


def _crc(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc
