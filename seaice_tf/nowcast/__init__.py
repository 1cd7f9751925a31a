"""Nowcasting: the next two hours of satellite images of clouds, from the last hour."""
