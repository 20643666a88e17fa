"""One file a page."""

from web.pages import (
    account,
    audit,
    docs,
    event,
    first_run,
    gallery,
    login,
    second_step,
    sessions,
    tokens,
    users,
)

routers = [
    gallery.router,
    event.router,
    login.router,
    first_run.router,
    account.router,
    second_step.router,
    sessions.router,
    tokens.router,
    users.router,
    audit.router,
    docs.router,
]
