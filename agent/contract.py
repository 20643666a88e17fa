"""What agent and hub say to each other, beside the manifest. The hub may import this module."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nfs.layout import CAMERA_ID_PATTERN

REGISTER_PATH = "/api/v1/cameras/register"
EVENTS_PATH = "/api/v1/events"
LOGS_PATH = "/api/v1/logs"
REQUEST_ID_HEADER = "X-Request-Id"


class CameraRegistration(BaseModel):
    """What an agent says of its camera when it starts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    camera_id: Annotated[str, Field(pattern=rf"^{CAMERA_ID_PATTERN}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    location: Annotated[str, Field(min_length=1, max_length=200)]
    ip_address: Annotated[str, Field(max_length=45)]
