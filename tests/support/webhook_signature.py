# SPDX-License-Identifier: Apache-2.0
"""Verifies Standard Webhooks signatures, written from that specification and from nothing of the program's."""
from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from typing import Mapping

TOLERANCE_S = 300


class BadSignature(ValueError):
    """A request that its receiver should not believe."""


def secret_of(raw: bytes = b"0123456789abcdef0123456789abcdef") -> str:
    """A secret in the form that configurations have: whsec_ and base64."""
    return "whsec_" + base64.b64encode(raw).decode()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> str:
    """The webhook-id of a request that is signed rightly and lately; BadSignature for any other."""
    try:
        msg_id, stamp, given = (headers[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        sent_at = int(stamp)
    except KeyError as missing:
        raise BadSignature(f"no header {missing}") from None
    except (ValueError, binascii.Error) as error:
        raise BadSignature(str(error)) from None
    if abs((time.time() if now is None else now) - sent_at) > TOLERANCE_S:
        raise BadSignature(f"timestamp {stamp} is off by more than {TOLERANCE_S} s")
    expected = hmac.new(key, f"{msg_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    for part in given.split():
        version, _, value = part.partition(",")
        if version == "v1" and hmac.compare_digest(value, base64.b64encode(expected).decode()):
            return msg_id
    raise BadSignature("no signature fits")
