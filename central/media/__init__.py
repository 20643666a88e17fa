"""Media: raw clips become playable video, and files of the share are handed out."""
