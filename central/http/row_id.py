"""The number of a row in an address: one that a column can hold."""

from typing import Annotated

from fastapi import Path

from central.cursor import HIGHEST_ID

RowId = Annotated[int, Path(ge=1, le=HIGHEST_ID)]
