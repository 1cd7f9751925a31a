"""Training steps of the U-Net of the ice charts in PyTorch.

As a program it runs a training step for each line of standard input and prints its loss.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

CHANNELS, FILTERS = 24, (16, 32, 32, 32)
CLASSES = {"SIC": 11, "SOD": 6, "FLOE": 7}
SHAPE = (4, 256, 256)


def batch() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Channels (4, 256, 256, 24) float32, and charts (4, 256, 256, 1) float32."""
    rng = np.random.default_rng(0)
    image = rng.normal(size=(*SHAPE, CHANNELS)).astype(np.float32)
    charts = {c: rng.integers(0, n, (*SHAPE, 1)).astype(np.float32) for c, n in CLASSES.items()}
    return image, charts


@contextmanager
def steps_of(python: str) -> Iterator[Callable[[], object]]:
    """A function that runs a training step in a process of another Python."""
    pipe = subprocess.PIPE
    command = [python, __file__]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        output, requests = process.stdout, process.stdin

        def step() -> str:
            requests.write("\n")
            requests.flush()
            return output.readline()

        yield step
        requests.close()


def trainer() -> Callable[[], float]:
    """A function that runs a training step of AdamW on the batch."""
    import torch
    from torch import nn

    def block(given: int, width: int) -> nn.Sequential:
        parts: list[nn.Module] = []
        for channels in (given, width):
            parts += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
            parts += [nn.ReLU(inplace=True)]
        return nn.Sequential(*parts)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = zip((CHANNELS, *FILTERS), FILTERS)
            self.down = nn.ModuleList(block(given, width) for given, width in widths)
            above = pairwise(FILTERS)
            self.up = nn.ModuleList(block(upper + lower, upper) for upper, lower in above)
            sizes = {**CLASSES, "SIC": 1}
            self.heads = nn.ModuleDict({c: nn.Conv2d(FILTERS[0], n, 1) for c, n in sizes.items()})

        def forward(self, x):
            skips = []
            for level, layer in enumerate(self.down):
                x = layer(nn.functional.max_pool2d(x, 2) if level else x)
                skips.append(x)
            for skip, layer in zip(skips[-2::-1], reversed(self.up)):
                wide = nn.functional.interpolate(x, skip.shape[2:], mode="bilinear")
                x = layer(torch.cat([skip, wide], dim=1))
            return {chart: head(x) for chart, head in self.heads.items()}

    model = UNet().train()
    optimizer = torch.optim.AdamW(model.parameters())
    image, true = batch()
    # Channels first, as in PyTorch.
    x = torch.from_numpy(np.moveaxis(image, -1, 1).copy())
    charts = {chart: torch.from_numpy(values[..., 0]) for chart, values in true.items()}

    def step() -> float:
        optimizer.zero_grad()
        found = model(x)
        loss = nn.functional.mse_loss(found["SIC"][:, 0], charts["SIC"])
        for chart in ("SOD", "FLOE"):
            loss = loss + 3 * nn.functional.cross_entropy(found[chart], charts[chart].long())
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


if __name__ == "__main__":
    take_step = trainer()
    for _ in sys.stdin:
        print(take_step(), flush=True)
