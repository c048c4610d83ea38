"""The shapes of what goes to and from the API."""
