"""The next two hours of a satellite's images of clouds, from the last hour."""
