"""The pages that people see. Knows the hub; nobody but the composition root knows the pages."""
