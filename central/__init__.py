"""The hub: keeps events, turns clips into playable video, shows them."""
