"""jobctl: one way to look after Gatehouse's processes, on systemd and on a laptop."""
