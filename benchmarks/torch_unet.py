"""The U-Net of the ice charts in PyTorch: training steps, and the charts of a whole scene.

Usage: python benchmarks/torch_unet.py train         (a step for each line of standard input)
       python benchmarks/torch_unet.py scene FILE    (prints seconds and the peak memory in MiB)

A scene is read and predicted as the starter pack of the AutoICE challenge does: all channels of the
file by xarray, the 2 km grid interpolated to that of the SAR, and the whole scene at once.
"""

import resource
import subprocess
import sys
import time
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
    command = [python, __file__, "train"]
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


def network():
    """The untrained network."""
    from torch import cat, nn

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
                x = layer(cat([skip, wide], dim=1))
            return {chart: head(x) for chart, head in self.heads.items()}

    return UNet()


def trainer() -> Callable[[], float]:
    """A function that runs a training step of AdamW on the batch."""
    import torch
    from torch import nn

    model = network().train()
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


def predict_scene(path: str) -> None:
    """Charts of the scene of a file, without products; prints seconds and peak memory in MiB."""
    import torch
    import xarray

    model = network().eval()
    start = time.perf_counter()
    with xarray.open_dataset(path, mask_and_scale=False) as data:
        grids: dict[str, list[str]] = {"sar_lines": [], "2km_grid_lines": []}
        for name, variable in data.data_vars.items():
            if variable.dims[0] in grids and variable.dtype == np.float32:
                grids[variable.dims[0]].append(str(name))
        fine, coarse = (data[names].to_array().values[None] for names in grids.values())
    x, cells = torch.from_numpy(fine), torch.from_numpy(coarse)
    wide = torch.nn.functional.interpolate(cells, size=x.shape[2:], mode="bilinear")
    with torch.no_grad():
        found = model(torch.cat([x, wide], dim=1))
    for chart, output in found.items():
        (output.argmax(dim=1) if chart != "SIC" else output.round()).squeeze().numpy()
    taken = time.perf_counter() - start
    print(f"{taken} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}")


if __name__ == "__main__":
    if sys.argv[1] == "scene":
        predict_scene(sys.argv[2])
    else:
        take_step = trainer()
        for _ in sys.stdin:
            print(take_step(), flush=True)
