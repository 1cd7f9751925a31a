"""Operations that take more than a tenth of the time of a released model, with oneDNN and without.

Each model is loaded and called in a process of its own; the third call is recorded. A kernel that
is written for one make of processor shows as an operation whose share differs between the two.

Usage: python benchmarks/ops.py [forecast nowcast clouds]
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import time

from timing import machine

MODELS = ("forecast", "nowcast", "clouds")
LEAST = 0.1  # of the time
CALLS = 3


def shares(name: str) -> None:
    """Print the operations of a released model, in this process."""
    from tensorflow.python.eager import context

    from seaice_tf.runs import artifact, folder
    from seaice_tf.tasks import TASKS

    task = TASKS[name]
    run = folder.released(task)
    predict = artifact.predictor(run)
    case = next(iter(task.data.future(folder.open_run(run, task))))
    calls = []
    for _ in range(CALLS):
        start = time.perf_counter()
        predict(case)
        calls.append(time.perf_counter() - start)
    context.enable_run_metadata()
    predict(case)
    stats = context.export_run_metadata().step_stats
    total: collections.Counter[str] = collections.Counter()
    for device in stats.dev_stats:
        for node in device.node_stats:
            label = re.search(r" = (\w+)\(", node.timeline_label) or re.search(
                r":(\w+)$", node.node_name
            )
            name_of_op = label[1] if label else node.node_name.rsplit("/", 1)[-1]
            if "Call" not in name_of_op and not name_of_op.startswith("__inference"):
                total[name_of_op] += node.op_end_rel_micros - node.op_start_rel_micros
    everything = sum(total.values())
    largest = [
        f"{op} {number / everything:.0%}"
        for op, number in total.most_common()
        if number >= LEAST * everything
    ]
    onednn = "on" if os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1" else "off"
    times = f"{calls[0]:.2f} | {calls[-1]:.2f}"
    print(f"| {name} | {onednn} | {times} | {', '.join(largest)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Operations of the released models.")
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MODELS)}")
    parser.add_argument("--here", action="store_true", help="measure one model in this process")
    given = parser.parse_args()
    if given.here:
        shares(given.models[0])
        return
    print(f"{machine()}\n\n| model | oneDNN | first call, s | third call, s | operations |")
    print("|---|---|---|---|---|", flush=True)
    for name in given.models or MODELS:
        for onednn in "10":
            names = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": onednn, "TF_CPP_MIN_LOG_LEVEL": "3"}
            words = [sys.executable, __file__, name, "--here"]
            subprocess.run(words, env=names, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
