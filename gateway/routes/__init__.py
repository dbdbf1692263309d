"""The HTTP edge: each route is a recipe, top to bottom; `errors.py` is the one table of statuses."""
