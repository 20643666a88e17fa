"""A child that dies over its first job."""

import os
import sys

sys.stdin.readline()
os._exit(9)
