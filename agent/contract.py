"""What agent and hub say to each other, beside the manifest. The hub may import this module."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nfs.layout import CAMERA_ID_PATTERN

REGISTER_PATH = "/api/v1/cameras/register"
EVENTS_PATH = "/api/v1/events"
LOGS_PATH = "/api/v1/logs"
REQUEST_ID_HEADER = "X-Request-Id"


def _one_line(text: str) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError("must be one line of text, without control characters")
    if text and not text.strip():
        raise ValueError("must not be blank")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
"""Text that is shown to people in one line, and that no terminal obeys."""


class CameraRegistration(BaseModel):
    """What an agent says of its camera when it starts."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "camera_id": "front",
                    "name": "Front door",
                    "location": "Street",
                    "ip_address": "192.168.1.40",
                }
            ]
        },
    )

    camera_id: Annotated[str, Field(pattern=rf"^{CAMERA_ID_PATTERN}$")]
    name: Annotated[Line, Field(min_length=1, max_length=100)]
    location: Annotated[Line, Field(min_length=1, max_length=200)]
    ip_address: Annotated[Line, Field(max_length=45)]
