"""What Gatehouse promises about speed, each figure beside a named peer in the same run."""
