"""`python -m ai_server`: not there yet; says so and what will come."""

import sys

if __name__ == "__main__":
    sys.exit("the AI server is not built yet: events are recorded and shown without descriptions")
