"""One file a page."""

from web.pages import event, gallery, login

routers = [gallery.router, event.router, login.router]
