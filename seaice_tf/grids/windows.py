"""Rectangles of pixels in an image."""

from dataclasses import dataclass

from seaice_tf.errors import InputError


@dataclass(frozen=True)
class Window:
    """Rows `top` to `top + height` and columns `left` to `left + width`, ends excluded."""

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        """The first row below."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """The first column to the right."""
        return self.left + self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the window in an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def times(self, factor: int, shape: tuple[int, int]) -> "Window":
        """The window at the original resolution, `factor` times higher, within an image of `shape`.

        >>> Window(1, 1, 1, 1).times(2, (3, 9))
        Window(top=2, left=2, height=1, width=2)
        """
        top, left = self.top * factor, self.left * factor
        bottom, right = min(self.bottom * factor, shape[0]), min(self.right * factor, shape[1])
        return Window(top, left, bottom - top, right - left)


def whole(shape: tuple[int, int]) -> Window:
    """The window of a whole image."""
    return Window(0, 0, *shape)


def require_inside(window: Window, shape: tuple[int, int], where: str) -> None:
    """Raise an InputError for a window that is empty or not inside the image."""
    inside = (
        0 <= window.top < window.bottom <= shape[0] and 0 <= window.left < window.right <= shape[1]
    )
    if not inside:
        raise InputError(
            f"{where}: expected a window inside {shape[0]} x {shape[1]} pixels, got {window}; "
            f"choose a smaller one"
        )
