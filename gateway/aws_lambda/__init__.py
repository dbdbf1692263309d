"""The gateway as a Lambda runtime of its own: AWS's own client of the Runtime API for Python knows no streams."""
